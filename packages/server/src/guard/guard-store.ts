import { parseGuardState } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { DrawnAudit, Guard } from './guard.ts';

interface GuardRow {
  id: number;
  job_id: number;
  model_id: number;
  class_no: number;
  max_error_rate: number;
  wrong: string;
  state: string;
  taken: number;
  opened_by: string;
  opened_at: number;
}

interface AuditRow {
  id: number;
  job_id: number;
  event_seq: number;
  model_id: number;
  class_no: number;
  confidence: number;
  excluded: number;
  chance: number;
  drawn_at: number;
  due_at: number;
  answer_class_no: number | null;
}

/** Guards that nobody has taken back. */
export async function liveGuards(tx: ReadTx): Promise<Guard[]> {
  return (await tx.all<GuardRow>('SELECT * FROM guards WHERE ended_at IS NULL ORDER BY job_id, class_no')).map(toGuard);
}

export async function insertGuard(tx: Tx, guard: Omit<Guard, 'id'>): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO guards (job_id, model_id, class_no, max_error_rate, wrong, state, taken, opened_by, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    guard.jobId,
    guard.modelId,
    guard.classNo,
    guard.maxErrorRate,
    JSON.stringify(guard.wrong),
    JSON.stringify(guard.state),
    guard.taken,
    guard.openedBy,
    guard.openedAt,
  );
  return id;
}

export async function saveState(tx: Tx, guard: Guard): Promise<void> {
  await tx.run('UPDATE guards SET state = ?, taken = ? WHERE id = ?', JSON.stringify(guard.state), guard.taken, guard.id);
}

export async function endGuard(tx: Tx, id: number, now: number, by: string): Promise<void> {
  await tx.run('UPDATE guards SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL', now, by, id);
}

export async function insertAudit(tx: Tx, audit: Omit<DrawnAudit, 'id' | 'answer'>): Promise<void> {
  await tx.run(
    `INSERT INTO guard_audits (job_id, event_seq, model_id, class_no, confidence, excluded, chance, drawn_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    audit.jobId,
    audit.eventSeq,
    audit.modelId,
    audit.classNo,
    audit.confidence,
    audit.excluded ? 1 : 0,
    audit.chance,
    audit.drawnAt,
    audit.dueAt,
  );
}

export async function getAudit(tx: ReadTx, jobId: number, id: number): Promise<DrawnAudit | undefined> {
  const row = await tx.get<AuditRow>('SELECT * FROM guard_audits WHERE job_id = ? AND id = ?', jobId, id);
  return row && toAudit(row);
}

export async function auditOfEvent(tx: ReadTx, seq: number): Promise<DrawnAudit | undefined> {
  const row = await tx.get<AuditRow>('SELECT * FROM guard_audits WHERE event_seq = ?', seq);
  return row && toAudit(row);
}

export async function answerAudit(tx: Tx, id: number, classNo: number, now: number, by: string): Promise<void> {
  await tx.run(
    'UPDATE guard_audits SET answer_class_no = ?, answered_at = ?, answered_by = ? WHERE id = ? AND answer_class_no IS NULL',
    classNo,
    now,
    by,
    id,
  );
}

/** Audits of decisions for one label by one model after a number, in the order of drawing. */
export async function auditsAfter(tx: ReadTx, guard: Guard, limit: number): Promise<DrawnAudit[]> {
  const rows = await tx.all<AuditRow>(
    'SELECT * FROM guard_audits WHERE job_id = ? AND model_id = ? AND class_no = ? AND id > ? ORDER BY id LIMIT ?',
    guard.jobId,
    guard.modelId,
    guard.classNo,
    guard.taken,
    limit,
  );
  return rows.map(toAudit);
}

/** Audits that wait for a label, oldest first: those hold up the others. */
export async function waitingAudits(
  tx: ReadTx,
  jobId: number,
  modelId: number,
  now: number,
  limit: number,
): Promise<DrawnAudit[]> {
  const rows = await tx.all<AuditRow>(
    `SELECT a.* FROM guard_audits a JOIN events e ON e.seq = a.event_seq AND e.is_current = 1
     WHERE a.job_id = ? AND a.model_id = ? AND a.answer_class_no IS NULL AND a.due_at > ? ORDER BY a.id LIMIT ?`,
    jobId,
    modelId,
    now,
    limit,
  );
  return rows.map(toAudit);
}

/** Numbers of the events that wait for a blind label; the newest where there are very many. */
export async function waitingEvents(tx: ReadTx, jobId: number, modelId: number, now: number): Promise<number[]> {
  const rows = await tx.all<{ event_seq: number }>(
    `SELECT event_seq FROM guard_audits WHERE job_id = ? AND model_id = ? AND answer_class_no IS NULL AND due_at > ? ORDER BY id DESC LIMIT 50000`,
    jobId,
    modelId,
    now,
  );
  return rows.map(({ event_seq }) => event_seq);
}

export async function lastAudit(tx: ReadTx): Promise<number> {
  return (await tx.get<{ top: number | null }>('SELECT max(id) AS top FROM guard_audits'))?.top ?? 0;
}

/**
 * Confidences of what a model has decided for a label on events as they came in, newest first: an event counts once, however often its bucket
 * was seen. Events that were there before the model are no traffic of its own, though reprocessing has it decide them too; nor are
 * outliers, which a guard never frees. Of very many events the newest 10,000 are looked at.
 * @param upTo number of the last event that counts; all when left out.
 */
export async function trafficConfidences(
  tx: ReadTx,
  guard: Pick<Guard, 'jobId' | 'modelId' | 'classNo'>,
  limit: number,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<number[]> {
  const rows = await tx.all<{ confidence: number }>(
    `SELECT d.confidence FROM models m JOIN (
       SELECT seq, decision_id, ingested_at FROM events WHERE job_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 10000
     ) e ON e.ingested_at >= m.created_at JOIN decisions d ON d.id = e.decision_id
     WHERE m.id = ? AND d.model_id = m.id AND d.class_no = ? AND d.confidence IS NOT NULL AND d.outlier = 0
     ORDER BY e.seq DESC LIMIT ?`,
    guard.jobId,
    upTo,
    guard.modelId,
    guard.classNo,
    limit,
  );
  return rows.map(({ confidence }) => confidence);
}

/** Values of the buckets that events came into last, of the decision points that a model was trained on. */
export async function recentValues(tx: ReadTx, modelId: number, limit: number): Promise<string[]> {
  const rows = await tx.all<{ point_values: string }>(
    `SELECT b.point_values FROM models m JOIN buckets b ON b.job_id = m.job_id AND b.points_version = m.points_version
     WHERE m.id = ? AND b.events > 0 ORDER BY b.last_seen_at DESC, b.id DESC LIMIT ?`,
    modelId,
    limit,
  );
  return rows.map(({ point_values }) => point_values);
}

/** Values that the units of a model's knowledge base hold, as canonical text of all points. */
export async function trainedValues(tx: ReadTx, modelId: number, jobId: number, limit: number): Promise<string[]> {
  const rows = await tx.all<{ point_values: string }>(
    `SELECT b.point_values FROM models m JOIN buckets b ON b.job_id = m.job_id AND b.points_version = m.points_version
     WHERE m.id = ? AND b.job_id = ? AND (EXISTS (SELECT 1 FROM model_units u WHERE u.model_id = m.id AND u.unit = 'b:' || b.key)
       OR EXISTS (SELECT 1 FROM events e JOIN model_units u ON u.model_id = m.id AND u.unit = 'e:' || e.seq WHERE e.bucket_id = b.id)) LIMIT ?`,
    modelId,
    jobId,
    limit,
  );
  return rows.map(({ point_values }) => point_values);
}

/** The switch that closes every guard. */
export async function isClosedForAll(tx: ReadTx): Promise<boolean> {
  return (await tx.get<{ value: string }>(`SELECT value FROM meta WHERE name = 'guard_closed'`))?.value === '1';
}

export async function setClosedForAll(tx: Tx, closed: boolean): Promise<void> {
  await tx.run(
    `INSERT INTO meta (name, value) VALUES ('guard_closed', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    closed ? '1' : '0',
  );
}

function toGuard(row: GuardRow): Guard {
  return {
    id: row.id,
    jobId: row.job_id,
    modelId: row.model_id,
    classNo: row.class_no,
    maxErrorRate: row.max_error_rate,
    wrong: JSON.parse(row.wrong) as number[],
    state: parseGuardState(row.state),
    taken: row.taken,
    openedBy: row.opened_by,
    openedAt: row.opened_at,
  };
}

function toAudit(row: AuditRow): DrawnAudit {
  return {
    id: row.id,
    jobId: row.job_id,
    eventSeq: row.event_seq,
    modelId: row.model_id,
    classNo: row.class_no,
    confidence: row.confidence,
    excluded: row.excluded === 1,
    chance: row.chance,
    drawnAt: row.drawn_at,
    dueAt: row.due_at,
    answer: row.answer_class_no,
  };
}
