import type { DriftWindow, ModelMetrics, PointType, TrainingRow } from '@verdict/engine';
import { parsePointValues } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Comparison } from './comparison.ts';
import type { SetAside, TrainedModel } from './training.ts';

/** What a unit of the knowledge base is: `b:` and a bucket's key, or `e:` and an event's number; and its class number. */
export type TrainedUnit = readonly [unit: string, classNo: number];

/** What a training begins with. */
export interface TrainingSource {
  readonly jobId: number;
  readonly pointsVersion: number;
  readonly points: readonly string[];
  /** Class numbers that may be chosen, in their order. */
  readonly classNos: readonly number[];
  /** Votes are counted over buckets; else over events on their own. */
  readonly shared: boolean;
  /** Voter name of a lead's overrule. */
  readonly overrule: string;
}

interface UnitRow {
  readonly id: number;
  readonly class_no: number | null;
  readonly voters: number;
  readonly overrule_id: number | null;
  readonly key: string;
  readonly point_values: string;
  readonly group_name: string | null;
}

/** How many units have each class as their consensus (`class_no` null: undecided), with values of the current decision points. */
export async function countUnits(
  tx: ReadTx,
  source: Pick<TrainingSource, 'jobId' | 'pointsVersion' | 'points' | 'shared'>,
): Promise<{ class_no: number | null; n: number }[]> {
  return tx.all(
    source.shared
      ? `SELECT c.class_no, count(*) AS n FROM consensus c JOIN buckets b ON b.id = c.unit_id
         WHERE c.job_id = ? AND c.unit_kind = 'b' AND b.points_version = ? AND b.point_values <> ? GROUP BY c.class_no`
      : `SELECT c.class_no, count(*) AS n FROM consensus c JOIN events e ON e.seq = c.unit_id JOIN buckets b ON b.id = e.bucket_id
         WHERE c.job_id = ? AND c.unit_kind = 'e' AND b.points_version = ? AND b.point_values <> ? GROUP BY c.class_no`,
    source.jobId,
    source.pointsVersion,
    nothing(source.points.length),
  );
}

/** Types of decision points that a person has set. */
export async function getPointTypes(tx: ReadTx, jobId: number, version: number): Promise<Record<string, PointType>> {
  const row = await tx.get<{ types: string }>(
    'SELECT types FROM point_versions WHERE job_id = ? AND version = ?',
    jobId,
    version,
  );
  return row ? (JSON.parse(row.types) as Record<string, PointType>) : {};
}

/**
 * Reads everything that people have said of a job in the form the engine learns from. A unit without a value of any decision point is left
 * out: it is never decided. One that a lead overruled counts with all its voters for the lead's label. Undecided ones count with
 * their votes, and are not in `units`. Blind labels that serve a guard as evidence are not learned from while they do.
 */
export async function readFeedback(
  tx: ReadTx,
  source: TrainingSource,
): Promise<{ readonly rows: TrainingRow[]; readonly units: TrainedUnit[]; readonly sources: RowSource[] }> {
  const rows: TrainingRow[] = [];
  const sources: RowSource[] = [];
  const units: TrainedUnit[] = [];
  const votes = await votesByUnit(tx, source);
  const position = new Map(source.classNos.map((classNo, index) => [classNo, index]));
  for (const unit of await readUnits(tx, source)) {
    const tally = new Array<number>(source.classNos.length).fill(0);
    let time = 0;
    for (const vote of votes.get(unit.id) ?? []) {
      time = Math.max(time, vote.at);
      const index = position.get(vote.class_no);
      if (index !== undefined && unit.overrule_id === null) tally[index]! += vote.n;
    }
    const agreed = unit.class_no === null ? undefined : position.get(unit.class_no);
    if (unit.overrule_id !== null && agreed !== undefined) tally[agreed] = Math.max(1, unit.voters);
    // All votes were for labels that are retired.
    if (!tally.some((count) => count > 0)) continue;
    const group = source.shared ? unit.group_name : unit.key;
    rows.push({
      key: source.shared ? unit.key : `${unit.key}:${String(unit.id).padStart(16, '0')}`,
      values: parsePointValues(unit.point_values),
      votes: tally,
      ...(group === null ? {} : { group }),
      time,
    });
    const name = source.shared ? `b:${unit.key}` : `e:${unit.id}`;
    sources.push({ id: unit.id, unit: name, classNo: agreed === undefined ? null : unit.class_no });
    if (agreed !== undefined) units.push([name, unit.class_no!]);
  }
  return { rows, units, sources };
}

/** Where a training row comes from; in the order of the rows. */
export interface RowSource {
  /** Number of the bucket or event. */
  readonly id: number;
  readonly unit: string;
  /** What people agree on; null = undecided. */
  readonly classNo: number | null;
}

/** One voter's vote on a unit, and the key that brought it. */
export interface UnitVote {
  readonly id: number;
  readonly voter: string;
  readonly name: string;
  readonly keyId: number | null;
  readonly classNo: number;
}

/** Feedback `f` that may be learned from: blind labels do not while they serve a live guard as evidence. */
const NO_EVIDENCE = `NOT (f.asked = 'audit' AND EXISTS (SELECT 1 FROM guard_audits a JOIN guards g
  ON g.job_id = a.job_id AND g.model_id = a.model_id AND g.ended_at IS NULL WHERE a.event_seq = f.event_seq))`;

/** Each voter's vote on each unit, but for a lead's overrule. */
export async function readUnitVotes(tx: ReadTx, source: TrainingSource): Promise<UnitVote[]> {
  return tx.all<UnitVote>(
    `SELECT u.unit_id AS id, u.voter, f.voter_name AS name, f.key_id AS keyId, u.class_no AS classNo
     FROM consensus c JOIN unit_votes u ON u.unit_kind = c.unit_kind AND u.unit_id = c.unit_id JOIN feedback f ON f.id = u.feedback_id
     WHERE c.job_id = ? AND c.unit_kind = ? AND c.overrule_id IS NULL AND u.voter <> ?
       AND ${NO_EVIDENCE}
     ORDER BY u.unit_id, u.voter`,
    source.jobId,
    source.shared ? 'b' : 'e',
    source.overrule,
  );
}

/** When somebody first said something of each unit, also if it was taken back since: what a model made later may have learned from. */
export async function firstSaid(tx: ReadTx, source: Pick<TrainingSource, 'jobId' | 'shared'>): Promise<Map<number, number>> {
  const rows = await tx.all<{ id: number; at: number }>(
    source.shared
      ? `SELECT e.bucket_id AS id, min(f.at) AS at FROM feedback f JOIN events e ON e.seq = f.event_seq
         WHERE f.job_id = ? AND e.bucket_id IS NOT NULL GROUP BY e.bucket_id`
      : 'SELECT event_seq AS id, min(at) AS at FROM feedback WHERE job_id = ? GROUP BY event_seq',
    source.jobId,
  );
  return new Map(rows.map(({ id, at }) => [id, at]));
}

/** The newest event of a unit, to look at and to read other decision points from. */
export async function exampleOf(tx: ReadTx, id: number, shared: boolean): Promise<{ seq: number; event_id: string } | undefined> {
  return tx.get(
    shared
      ? 'SELECT seq, event_id FROM events WHERE bucket_id = ? ORDER BY seq DESC LIMIT 1'
      : 'SELECT seq, event_id FROM events WHERE seq = ?',
    id,
  );
}

/** The alert's own text. */
export async function alertText(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM event_records WHERE seq = ?', seq))?.body;
}

async function readUnits(tx: ReadTx, source: TrainingSource): Promise<UnitRow[]> {
  return tx.all<UnitRow>(
    source.shared
      ? `SELECT b.id, c.class_no, c.voters, c.overrule_id, b.key, b.point_values,
           (SELECT e.group_name FROM events e WHERE e.bucket_id = b.id ORDER BY e.seq LIMIT 1) AS group_name
         FROM consensus c JOIN buckets b ON b.id = c.unit_id
         WHERE c.job_id = ? AND c.unit_kind = 'b' AND b.points_version = ? AND b.point_values <> ? ORDER BY b.key`
      : `SELECT e.seq AS id, c.class_no, c.voters, c.overrule_id, b.key, b.point_values, e.group_name
         FROM consensus c JOIN events e ON e.seq = c.unit_id JOIN buckets b ON b.id = e.bucket_id
         WHERE c.job_id = ? AND c.unit_kind = 'e' AND b.points_version = ? AND b.point_values <> ? ORDER BY b.key, e.seq`,
    source.jobId,
    source.pointsVersion,
    nothing(source.points.length),
  );
}

interface VoteRow {
  readonly id: number;
  readonly class_no: number;
  readonly n: number;
  readonly at: number;
}

async function votesByUnit(tx: ReadTx, source: TrainingSource): Promise<Map<number, VoteRow[]>> {
  const all = await tx.all<VoteRow>(
    `SELECT u.unit_id AS id, u.class_no, sum(u.voter <> ?) AS n, max(f.at) AS at
     FROM consensus c JOIN unit_votes u ON u.unit_kind = c.unit_kind AND u.unit_id = c.unit_id JOIN feedback f ON f.id = u.feedback_id
     WHERE c.job_id = ? AND c.unit_kind = ? AND ${NO_EVIDENCE}
     GROUP BY u.unit_id, u.class_no`,
    source.overrule,
    source.jobId,
    source.shared ? 'b' : 'e',
  );
  const byUnit = new Map<number, VoteRow[]>();
  for (const vote of all) {
    const known = byUnit.get(vote.id);
    if (known) known.push(vote);
    else byUnit.set(vote.id, [vote]);
  }
  return byUnit;
}

/** Canonical text of values none of which is there. */
function nothing(points: number): string {
  return JSON.stringify(new Array<null>(points).fill(null));
}

/** What the engine is given, but for rows that the worker reads itself. */
export type NewModel = Omit<TrainedModel, 'id' | 'activatedAt' | 'message'> & {
  /** What came in when it was trained, to see later what has moved. */
  readonly reference: DriftWindow | null;
};

/** Adds a model that is not complete yet; returns its id. */
export async function insertModel(tx: Tx, model: NewModel): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO models (job_id, points_version, points, classes, size, sha256, metrics, comparison, set_aside, reference, units, seed, created_at, created_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    model.jobId,
    model.pointsVersion,
    JSON.stringify(model.points),
    JSON.stringify(model.classes),
    model.size,
    model.sha256,
    JSON.stringify(model.metrics),
    model.comparison === null ? null : JSON.stringify(model.comparison),
    JSON.stringify(model.setAside),
    model.reference === null ? null : JSON.stringify(model.reference),
    model.units,
    model.seed,
    model.createdAt,
    model.createdBy,
  );
  return id;
}

export async function insertModelPart(tx: Tx, modelId: number, part: number, bytes: Uint8Array): Promise<void> {
  await tx.run('INSERT INTO model_parts (model_id, part, bytes) VALUES (?, ?, ?)', modelId, part, bytes);
}

export async function getModelPart(tx: ReadTx, modelId: number, part: number): Promise<Uint8Array | undefined> {
  const row = await tx.get<{ bytes: Uint8Array }>('SELECT bytes FROM model_parts WHERE model_id = ? AND part = ?', modelId, part);
  return row?.bytes;
}

/** All bytes of a model; for threads, which hold nobody up. @throws RangeError when a part is missing. */
export async function getModelBytes(tx: ReadTx, modelId: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let part = 0; length < size; part++) {
    const piece = await getModelPart(tx, modelId, part);
    if (!piece || length + piece.length > size) throw new RangeError(`part ${part} of its bytes is missing`);
    bytes.set(piece, length);
    length += piece.length;
  }
  return bytes;
}

export async function insertModelUnits(tx: Tx, modelId: number, units: readonly TrainedUnit[]): Promise<void> {
  for (const [unit, classNo] of units) {
    await tx.run('INSERT INTO model_units (model_id, unit, class_no) VALUES (?, ?, ?)', modelId, unit, classNo);
  }
}

/** Makes a model one that can be seen and used. */
export async function completeModel(tx: Tx, modelId: number, message: string): Promise<void> {
  await tx.run('UPDATE models SET complete = 1, message = ? WHERE id = ?', message, modelId);
}

/** Makes a complete model the one that decides. */
export async function setActiveModel(tx: Tx, jobId: number, modelId: number, now: number): Promise<void> {
  await tx.run('UPDATE models SET activated_at = ? WHERE id = ?', now, modelId);
  await tx.run('UPDATE jobs SET active_model_id = ?, updated_at = ?, version = version + 1 WHERE id = ?', modelId, now, jobId);
  await tx.run(
    'UPDATE jobs SET shadow_model_id = NULL, shadow_since = NULL WHERE id = ? AND shadow_model_id = ?',
    jobId,
    modelId,
  );
}

/** Models that a training of the job began to write and did not finish. */
export async function listIncomplete(tx: ReadTx, jobId: number): Promise<number[]> {
  return (await tx.all<{ id: number }>('SELECT id FROM models WHERE job_id = ? AND complete = 0', jobId)).map((row) => row.id);
}

/** Removes up to `limit` rows of an incomplete model, itself last; false when nothing is left of it. */
export async function deleteSomeOfModel(tx: Tx, modelId: number, limit: number): Promise<boolean> {
  const units = await tx.run(
    'DELETE FROM model_units WHERE model_id = ? AND unit IN (SELECT unit FROM model_units WHERE model_id = ? LIMIT ?)',
    modelId,
    modelId,
    limit,
  );
  if (units.changes > 0) return true;
  const parts = await tx.run(
    'DELETE FROM model_parts WHERE model_id = ? AND part IN (SELECT part FROM model_parts WHERE model_id = ? LIMIT 4)',
    modelId,
    modelId,
  );
  if (parts.changes > 0) return true;
  return (await tx.run('DELETE FROM models WHERE id = ? AND complete = 0', modelId)).changes > 0;
}

interface ModelRow {
  id: number;
  job_id: number;
  points_version: number;
  points: string;
  classes: string;
  size: number;
  sha256: string;
  metrics: string;
  comparison: string | null;
  set_aside: string;
  units: number;
  seed: number;
  created_at: number;
  created_by: string;
  activated_at: number | null;
  message: string;
}

const COLUMNS =
  'id, job_id, points_version, points, classes, size, sha256, metrics, comparison, set_aside, units, seed, created_at, created_by, activated_at, message';

/** A complete model. */
export async function getModel(tx: ReadTx, modelId: number): Promise<TrainedModel | undefined> {
  const row = await tx.get<ModelRow>(`SELECT ${COLUMNS} FROM models WHERE id = ? AND complete = 1`, modelId);
  return row && modelOf(row);
}

/** A model whether it is complete or not: what is needed to load it. */
export async function getModelSize(tx: ReadTx, modelId: number): Promise<{ size: number; points: string } | undefined> {
  return tx.get('SELECT size, points FROM models WHERE id = ?', modelId);
}

/** The complete models of a job, newest first. */
export async function listModels(tx: ReadTx, jobId: number, limit: number): Promise<TrainedModel[]> {
  const rows = await tx.all<ModelRow>(
    `SELECT ${COLUMNS} FROM models WHERE job_id = ? AND complete = 1 ORDER BY id DESC LIMIT ?`,
    jobId,
    limit,
  );
  return rows.map(modelOf);
}

/** What a job says of its last training. */
export interface TrainState {
  readonly state: string | null;
  readonly message: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export async function setTrainState(tx: Tx, jobId: number, train: TrainState): Promise<void> {
  await tx.run(
    `UPDATE jobs SET train_state = ?, train_message = ?, train_started_at = ?, train_finished_at = ?, version = version + 1 WHERE id = ?`,
    train.state,
    train.message,
    train.startedAt,
    train.finishedAt,
    jobId,
  );
}

export async function getTrainStartedAt(tx: ReadTx, jobId: number): Promise<number | null> {
  return (await tx.get<{ at: number | null }>('SELECT train_started_at AS at FROM jobs WHERE id = ?', jobId))?.at ?? null;
}

function modelOf(row: ModelRow): TrainedModel {
  return {
    id: row.id,
    jobId: row.job_id,
    pointsVersion: row.points_version,
    points: JSON.parse(row.points) as string[],
    classes: JSON.parse(row.classes) as string[],
    size: row.size,
    sha256: row.sha256,
    metrics: JSON.parse(row.metrics) as ModelMetrics,
    setAside: JSON.parse(row.set_aside) as SetAside[],
    comparison: row.comparison === null ? null : (JSON.parse(row.comparison) as Comparison),
    units: row.units,
    seed: row.seed,
    createdAt: row.created_at,
    createdBy: row.created_by,
    activatedAt: row.activated_at,
    message: row.message,
  };
}
