import type { PointType } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import {
  type Category,
  DEFAULT_SETTINGS,
  type Job,
  type JobCounters,
  type JobIntegration,
  type JobSettings,
  type Label,
  NO_COUNTERS,
} from './job.ts';

/** Jobs are numbered from here, as SOARs know them. */
const FIRST_JOB_ID = 1201;

interface JobRow {
  id: number;
  title: string;
  description: string;
  category: Category;
  running: number;
  settings: string;
  points_version: number;
  active_model_id: number | null;
  shadow_model_id: number | null;
  shadow_since: number | null;
  train_state: string | null;
  train_message: string | null;
  train_started_at: number | null;
  train_finished_at: number | null;
  created_at: number;
  updated_at: number;
  version: number;
}

/** Reads a whole job, or undefined. */
export async function getJob(tx: ReadTx, id: number): Promise<Job | undefined> {
  const row = await tx.get<JobRow>('SELECT * FROM jobs WHERE id = ?', id);
  return row && assemble(tx, row);
}

export async function getJobByTitle(tx: ReadTx, title: string): Promise<Job | undefined> {
  const row = await tx.get<JobRow>('SELECT * FROM jobs WHERE title = ?', title);
  return row && assemble(tx, row);
}

/** All jobs by number. */
export async function listJobs(tx: ReadTx): Promise<Job[]> {
  const rows = await tx.all<JobRow>('SELECT * FROM jobs ORDER BY id');
  return Promise.all(rows.map((row) => assemble(tx, row)));
}

/** Version of the job's row: what a cached job is compared with. */
export async function getJobVersion(tx: ReadTx, id: number): Promise<number | undefined> {
  return (await tx.get<{ version: number }>('SELECT version FROM jobs WHERE id = ?', id))?.version;
}

/** Ids of the jobs whose enabled input integration uses the key. */
export async function jobIdsOfKey(tx: ReadTx, keyId: number): Promise<number[]> {
  const rows = await tx.all<{ job_id: number }>(
    `SELECT DISTINCT ji.job_id FROM job_integrations ji JOIN integrations i ON i.id = ji.integration_id
     WHERE i.key_id = ? AND ji.role = 'input' AND ji.enabled = 1 ORDER BY ji.job_id`,
    keyId,
  );
  return rows.map((row) => row.job_id);
}

/** Whether an enabled input integration of the job exists; without one it cannot run. */
export async function hasInput(tx: ReadTx, jobId: number): Promise<boolean> {
  const row = await tx.get<{ n: number }>(
    `SELECT count(*) AS n FROM job_integrations ji JOIN integrations i ON i.id = ji.integration_id WHERE ji.job_id = ? AND ji.role = 'input' AND ji.enabled = 1`,
    jobId,
  );
  return (row?.n ?? 0) > 0;
}

export async function integrationExists(tx: ReadTx, id: number): Promise<boolean> {
  return (await tx.get('SELECT 1 FROM integrations WHERE id = ?', id)) !== undefined;
}

export async function insertJob(
  tx: Tx,
  job: { title: string; description: string; category: Category; settings: Partial<JobSettings>; createdBy: string },
  now: number,
): Promise<number> {
  const top = await tx.get<{ top: number | null }>('SELECT max(id) AS top FROM jobs');
  const last = await tx.get<{ value: string }>(`SELECT value FROM meta WHERE name = 'last_job_id'`);
  // A number is never given twice, also after its job was deleted: SOARs keep it in their settings.
  const id = Math.max(FIRST_JOB_ID - 1, top?.top ?? 0, Number(last?.value ?? 0)) + 1;
  await tx.run(
    `INSERT INTO meta (name, value) VALUES ('last_job_id', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    String(id),
  );
  await tx.run(
    `INSERT INTO jobs (id, title, description, category, settings, created_at, created_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    job.title,
    job.description,
    job.category,
    JSON.stringify(job.settings),
    now,
    job.createdBy,
    now,
  );
  await tx.run('INSERT INTO job_counters (job_id) VALUES (?)', id);
  return id;
}

export async function updateJob(
  tx: Tx,
  id: number,
  job: { title: string; description: string; category: Category; settings: Partial<JobSettings> },
  now: number,
): Promise<void> {
  await tx.run(
    'UPDATE jobs SET title = ?, description = ?, category = ?, settings = ?, updated_at = ?, version = version + 1 WHERE id = ?',
    job.title,
    job.description,
    job.category,
    JSON.stringify(job.settings),
    now,
    id,
  );
}

/** Raises the version of a job whose code steps changed, so that no cached one is used any more. */
export async function touchJob(tx: Tx, id: number, now: number): Promise<void> {
  await tx.run('UPDATE jobs SET updated_at = ?, version = version + 1 WHERE id = ?', now, id);
}

export async function setRunning(tx: Tx, id: number, running: boolean, now: number): Promise<void> {
  await tx.run('UPDATE jobs SET running = ?, updated_at = ?, version = version + 1 WHERE id = ?', running ? 1 : 0, now, id);
}

export async function saveLabels(tx: Tx, jobId: number, labels: readonly Label[]): Promise<void> {
  for (const label of labels) {
    await tx.run(
      `INSERT INTO labels (job_id, class_no, name, hex_color, position, retired) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (job_id, class_no) DO UPDATE SET name = excluded.name, hex_color = excluded.hex_color, position = excluded.position, retired = excluded.retired`,
      jobId,
      label.classNo,
      label.name,
      label.hexColor,
      label.position,
      label.retired ? 1 : 0,
    );
  }
  await bumpJob(tx, jobId);
}

/** Stores the next version of a job's decision points; returns its number. */
export async function insertPoints(
  tx: Tx,
  jobId: number,
  points: readonly string[],
  types: Readonly<Record<string, PointType>>,
  createdBy: string,
  now: number,
): Promise<number> {
  const row = await tx.get<{ top: number | null }>('SELECT max(version) AS top FROM point_versions WHERE job_id = ?', jobId);
  const version = (row?.top ?? 0) + 1;
  await tx.run(
    'INSERT INTO point_versions (job_id, version, points, types, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?)',
    jobId,
    version,
    JSON.stringify(points),
    JSON.stringify(types),
    now,
    createdBy,
  );
  await tx.run('UPDATE jobs SET points_version = ?, updated_at = ?, version = version + 1 WHERE id = ?', version, now, jobId);
  return version;
}

/** Sets the types of one version of a job's decision points. They change no bucket, so the version stays. */
export async function savePointTypes(
  tx: Tx,
  jobId: number,
  version: number,
  types: Readonly<Record<string, PointType>>,
): Promise<void> {
  await tx.run('UPDATE point_versions SET types = ? WHERE job_id = ? AND version = ?', JSON.stringify(types), jobId, version);
  await bumpJob(tx, jobId);
}

/** The decision points of one version and the types that a person has set; version 0 has none. */
async function getPoints(
  tx: ReadTx,
  jobId: number,
  version: number,
): Promise<{ readonly points: string[]; readonly pointTypes: Record<string, PointType> }> {
  const row = await tx.get<{ points: string; types: string }>(
    'SELECT points, types FROM point_versions WHERE job_id = ? AND version = ?',
    jobId,
    version,
  );
  if (!row) return { points: [], pointTypes: {} };
  return { points: JSON.parse(row.points) as string[], pointTypes: JSON.parse(row.types) as Record<string, PointType> };
}

export async function saveIntegrations(tx: Tx, jobId: number, integrations: readonly JobIntegration[]): Promise<void> {
  await tx.run('DELETE FROM job_integrations WHERE job_id = ?', jobId);
  let position = 0;
  for (const integration of integrations) {
    await tx.run(
      'INSERT INTO job_integrations (job_id, position, integration_id, role, enabled, settings) VALUES (?, ?, ?, ?, ?, ?)',
      jobId,
      position++,
      integration.integrationId,
      integration.role,
      integration.enabled ? 1 : 0,
      JSON.stringify(integration.settings),
    );
  }
  await bumpJob(tx, jobId);
}

/** Marks a job as changed, so that caches read it anew. */
export async function bumpJob(tx: Tx, jobId: number): Promise<void> {
  await tx.run('UPDATE jobs SET version = version + 1 WHERE id = ?', jobId);
}

export async function getCounters(tx: ReadTx, jobId: number): Promise<JobCounters> {
  const row = await tx.get<{
    events: number;
    events_with_feedback: number;
    last_event_at: number | null;
    last_feedback_at: number | null;
  }>('SELECT events, events_with_feedback, last_event_at, last_feedback_at FROM job_counters WHERE job_id = ?', jobId);
  if (!row) return NO_COUNTERS;
  return {
    events: row.events,
    eventsWithFeedback: row.events_with_feedback,
    lastEventAt: row.last_event_at,
    lastFeedbackAt: row.last_feedback_at,
  };
}

/** Adds to the counters of a job after an ingest batch. Times only move forward. */
export async function countEvents(tx: Tx, jobId: number, added: number, at: number): Promise<void> {
  await tx.run(
    'UPDATE job_counters SET events = events + ?, last_event_at = max(coalesce(last_event_at, 0), ?) WHERE job_id = ?',
    added,
    at,
    jobId,
  );
}

/** Adds to the counters of a job after feedback. */
export async function countFeedback(tx: Tx, jobId: number, added: number, at: number): Promise<void> {
  await tx.run(
    'UPDATE job_counters SET events_with_feedback = events_with_feedback + ?, last_feedback_at = max(coalesce(last_feedback_at, 0), ?) WHERE job_id = ?',
    added,
    at,
    jobId,
  );
}

/**
 * Removes the job's own rows; what hangs on them by foreign key goes too. Events, votes and decisions are removed before, in small units
 * (`deleteSomeEvents`).
 */
export async function deleteJob(tx: Tx, jobId: number): Promise<void> {
  await tx.run('DELETE FROM consensus WHERE job_id = ?', jobId);
  await tx.run('DELETE FROM decisions WHERE job_id = ?', jobId);
  await tx.run('DELETE FROM tasks WHERE job_id = ?', jobId);
  await tx.run('DELETE FROM jobs WHERE id = ?', jobId);
}

/** Removes up to `limit` events of a job with all that hangs on them; false when none was left. */
export async function deleteSomeEvents(tx: Tx, jobId: number, limit: number): Promise<boolean> {
  const rows = await tx.all<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq LIMIT ?', jobId, limit);
  for (const { seq } of rows) {
    await tx.run('DELETE FROM event_bodies WHERE seq = ?', seq);
    await tx.run('DELETE FROM enriched_bodies WHERE seq = ?', seq);
    await tx.run('DELETE FROM past_decisions WHERE event_seq = ?', seq);
    await tx.run('DELETE FROM shadow_decisions WHERE event_seq = ?', seq);
    await tx.run('DELETE FROM asks WHERE event_seq = ?', seq);
    await tx.run('DELETE FROM votes WHERE event_seq = ?', seq);
    await tx.run('DELETE FROM feedback WHERE event_seq = ?', seq);
    await tx.run(`DELETE FROM unit_votes WHERE unit_kind = 'e' AND unit_id = ?`, seq);
    await tx.run('DELETE FROM events WHERE seq = ?', seq);
  }
  if (rows.length > 0) return true;
  const buckets = await tx.all<{ id: number }>('SELECT id FROM buckets WHERE job_id = ? LIMIT ?', jobId, limit);
  for (const { id } of buckets) {
    await tx.run(`DELETE FROM unit_votes WHERE unit_kind = 'b' AND unit_id = ?`, id);
    await tx.run('DELETE FROM buckets WHERE id = ?', id);
  }
  return buckets.length > 0;
}

async function assemble(tx: ReadTx, row: JobRow): Promise<Job> {
  const labels = await tx.all<{ class_no: number; name: string; hex_color: string; position: number; retired: number }>(
    'SELECT class_no, name, hex_color, position, retired FROM labels WHERE job_id = ? ORDER BY class_no',
    row.id,
  );
  const integrations = await tx.all<{ integration_id: number; role: string; enabled: number; settings: string }>(
    'SELECT integration_id, role, enabled, settings FROM job_integrations WHERE job_id = ? ORDER BY position',
    row.id,
  );
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    category: row.category,
    running: row.running === 1,
    settings: { ...DEFAULT_SETTINGS, ...(JSON.parse(row.settings) as Partial<JobSettings>) },
    labels: labels.map((label) => ({
      classNo: label.class_no,
      name: label.name,
      hexColor: label.hex_color,
      position: label.position,
      retired: label.retired === 1,
    })),
    pointsVersion: row.points_version,
    ...(await getPoints(tx, row.id, row.points_version)),
    activeModelId: row.active_model_id,
    shadowModelId: row.shadow_model_id,
    shadowSince: row.shadow_since,
    trainState: row.train_state,
    trainMessage: row.train_message,
    trainStartedAt: row.train_started_at,
    trainFinishedAt: row.train_finished_at,
    integrations: integrations.map((integration) => ({
      integrationId: integration.integration_id,
      role: integration.role,
      enabled: integration.enabled === 1,
      settings: JSON.parse(integration.settings) as Record<string, unknown>,
    })),
    hasCodeSteps: (await tx.get('SELECT 1 FROM code_steps WHERE job_id = ? AND enabled = 1 LIMIT 1', row.id)) !== undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}
