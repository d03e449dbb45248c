import Database from 'better-sqlite3';
import { agree } from '../../packages/server/src/feedback/feedback.ts';

/** What must hold in a store at any moment, each as a query for what breaks it. */
const NOTHING: Readonly<Record<string, string>> = {
  'a bucket counts other than its current events': `
    SELECT b.id FROM buckets b LEFT JOIN (SELECT bucket_id, count(*) AS n FROM events WHERE is_current = 1 GROUP BY bucket_id) c ON c.bucket_id = b.id
    WHERE b.events <> coalesce(c.n, 0)`,
  'a job counts other than its current events': `
    SELECT job_id FROM job_counters c WHERE events <> (SELECT count(*) FROM events e WHERE e.job_id = c.job_id AND e.is_current = 1)`,
  'a job counts other than its events with feedback': `
    SELECT job_id FROM job_counters c WHERE events_with_feedback <> (SELECT count(DISTINCT event_seq) FROM votes v WHERE v.job_id = c.job_id)`,
  'an event has no current version, or several': `
    SELECT event_id FROM events GROUP BY job_id, event_id HAVING sum(is_current) <> 1`,
  'a version that is not the last is the current one': `
    SELECT event_id FROM events e WHERE is_current = 1 AND event_version <> (SELECT max(event_version) FROM events o WHERE o.job_id = e.job_id AND o.event_id = e.event_id)`,
  'the versions of an event have gaps': `
    SELECT event_id FROM events GROUP BY job_id, event_id HAVING count(*) <> max(event_version) OR min(event_version) <> 1`,
  'an event has no body': 'SELECT seq FROM events WHERE seq NOT IN (SELECT seq FROM event_bodies)',
  'a body has no event': 'SELECT seq FROM event_bodies WHERE seq NOT IN (SELECT seq FROM events)',
  'an event stands in a bucket that is not there, or of other decision points': `
    SELECT e.seq FROM events e LEFT JOIN buckets b ON b.id = e.bucket_id WHERE e.bucket_id IS NOT NULL AND (b.id IS NULL OR b.points_version <> e.points_version)`,
  'an event names a decision that is not there': `
    SELECT seq FROM events WHERE decision_id IS NOT NULL AND decision_id NOT IN (SELECT id FROM decisions)`,
  'an event of a job that decides is not decided': `
    SELECT e.seq FROM events e JOIN jobs j ON j.id = e.job_id JOIN models m ON m.id = j.active_model_id WHERE e.decision_id IS NULL AND e.ingested_at > m.activated_at`,
  'a past decision is not there': 'SELECT id FROM past_decisions WHERE decision_id NOT IN (SELECT id FROM decisions)',
  'a vote stands in another bucket than its event': `
    SELECT v.event_seq FROM votes v JOIN events e ON e.seq = v.event_seq WHERE v.bucket_id IS NOT e.bucket_id`,
  'a vote has no feedback, or one that says something else': `
    SELECT v.event_seq FROM votes v LEFT JOIN feedback f ON f.id = v.feedback_id WHERE f.id IS NULL OR f.class_no <> v.class_no OR f.event_seq <> v.event_seq`,
  'an active model is not whole': `
    SELECT j.id FROM jobs j JOIN models m ON m.id = j.active_model_id WHERE m.complete = 0
      OR m.size <> (SELECT sum(length(bytes)) FROM model_parts p WHERE p.model_id = m.id)
      OR m.units <> (SELECT count(*) FROM model_units u WHERE u.model_id = m.id)`,
};

/** Sentences about everything that does not hold in a store; none when all is well. The store must not be in use. */
export function brokenInvariants(file: string): string[] {
  const database = new Database(file);
  try {
    const integrity = database.pragma('integrity_check', { simple: true });
    if (integrity !== 'ok') return [`The integrity check says: ${String(integrity)}`];
    const broken = Object.entries(NOTHING).flatMap(([sentence, sql]) => {
      const rows = database.prepare(sql).pluck().all();
      return rows.length === 0 ? [] : [`${sentence}: ${rows.length}, first ${String(rows[0])}`];
    });
    return [...broken, ...brokenConsensus(database)];
  } finally {
    database.close();
  }
}

interface VoteRow {
  readonly unit: string;
  readonly voter: string;
  readonly classNo: number;
  readonly feedbackId: number;
}

/**
 * Buckets whose votes are counted later: while stored events are being put in buckets of other decision points, those of the old ones keep what
 * they came to, for the events that still stand there.
 */
const LATER = `SELECT 'b:' || b.id FROM buckets b JOIN jobs j ON j.id = b.job_id AND j.points_version > b.points_version
  WHERE EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = b.job_id AND t.kind = 'rebucket' AND t.state IN ('waiting', 'running'))`;

/** Counts the votes anew, as the service does, and compares with what it keeps. */
function brokenConsensus(database: Database.Database): string[] {
  const later = new Set(database.prepare<[], string>(LATER).pluck().all());
  const isCounted = ({ unit }: { readonly unit: string }) => !later.has(unit);
  const counted = database
    .prepare<[], VoteRow>(
      `SELECT CASE WHEN v.bucket_id IS NOT NULL AND j.category = 'Decision intelligence' THEN 'b:' || v.bucket_id ELSE 'e:' || v.event_seq END AS unit,
         v.voter, v.class_no AS classNo, v.feedback_id AS feedbackId FROM votes v JOIN jobs j ON j.id = v.job_id ORDER BY v.feedback_id`,
    )
    .all()
    .filter(isCounted);
  const last = new Map<string, VoteRow>();
  for (const vote of counted) last.set(`${vote.unit} ${vote.voter}`, vote);
  const kept = database
    .prepare<[], VoteRow>(
      `SELECT unit_kind || ':' || unit_id AS unit, voter, class_no AS classNo, feedback_id AS feedbackId FROM unit_votes`,
    )
    .all()
    .filter(isCounted);
  const broken: string[] = [];
  if (kept.length !== last.size) broken.push(`${kept.length} votes are kept of units, ${last.size} are counted`);
  for (const vote of kept) {
    const wanted = last.get(`${vote.unit} ${vote.voter}`);
    if (wanted?.feedbackId !== vote.feedbackId || wanted.classNo !== vote.classNo)
      broken.push(`the vote of ${vote.voter} on ${vote.unit} is not the last one`);
  }
  const units = Map.groupBy(last.values(), (vote) => vote.unit);
  const agreed = database
    .prepare<[], { unit: string; classNo: number | null; tally: string; voters: number }>(
      `SELECT unit_kind || ':' || unit_id AS unit, class_no AS classNo, tally, voters FROM consensus`,
    )
    .all()
    .filter(isCounted);
  if (agreed.length !== units.size) broken.push(`${agreed.length} units have a consensus, ${units.size} have votes`);
  for (const { unit, classNo, tally, voters } of agreed) {
    const wanted = agree(units.get(unit) ?? []);
    if (wanted?.classNo !== classNo || wanted.voters !== voters || JSON.stringify(wanted.tally) !== tally)
      broken.push(`the consensus on ${unit} is not what its votes come to`);
  }
  return broken;
}
