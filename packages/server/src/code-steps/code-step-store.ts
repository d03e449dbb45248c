import type { ReadTx, Tx } from '../storage/storage.ts';
import type { CodeStep, StepVersion } from './code-step.ts';

interface StepRow {
  readonly id: number;
  readonly job_id: number;
  readonly title: string;
  readonly description: string;
  readonly position: number;
  readonly enabled: number;
  readonly version: number;
  readonly source: string;
  readonly variables: string;
  readonly cpu_seconds: number;
  readonly memory_mb: number;
  readonly saved_at: number;
  readonly saved_by: string;
}

const COLUMNS = `s.id, s.job_id, s.title, s.description, s.position, s.enabled, v.version, v.source, v.variables, v.cpu_seconds, v.memory_mb,
  v.saved_at, v.saved_by`;

/** The steps of a job in the order in which they run, each with the version that runs. */
export async function listSteps(tx: ReadTx, jobId: number): Promise<CodeStep[]> {
  const rows = await tx.all<StepRow>(
    `SELECT ${COLUMNS} FROM code_steps s JOIN code_step_versions v ON v.step_id = s.id AND v.version = s.version
     WHERE s.job_id = ? ORDER BY s.position, s.id`,
    jobId,
  );
  return rows.map(toStep);
}

export async function getStep(tx: ReadTx, jobId: number, id: number): Promise<CodeStep | undefined> {
  return (await listSteps(tx, jobId)).find((step) => step.id === id);
}

/** All versions of a step, newest first. */
export async function listVersions(tx: ReadTx, stepId: number): Promise<StepVersion[]> {
  const rows = await tx.all<StepRow>(
    `SELECT ${COLUMNS} FROM code_steps s JOIN code_step_versions v ON v.step_id = s.id WHERE s.id = ? ORDER BY v.version DESC`,
    stepId,
  );
  return rows.map(toVersion);
}

/** Makes a step without a version, the last in its job; it is enabled. */
export async function insertStep(tx: Tx, jobId: number, title: string, description: string): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO code_steps (job_id, title, description, version, position)
     SELECT ?, ?, ?, 0, coalesce(max(position), 0) + 1 FROM code_steps WHERE job_id = ?`,
    jobId,
    title,
    description,
    jobId,
  );
  return id;
}

/** Adds the next version of a step, which is the one that runs from then on. @returns its number. */
export async function addVersion(tx: Tx, stepId: number, version: Omit<StepVersion, 'version'>): Promise<number> {
  const top = await tx.get<{ top: number | null }>(
    'SELECT max(version) AS top FROM code_step_versions WHERE step_id = ?',
    stepId,
  );
  const next = (top?.top ?? 0) + 1;
  await tx.run(
    `INSERT INTO code_step_versions (step_id, version, source, variables, cpu_seconds, memory_mb, saved_at, saved_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    stepId,
    next,
    version.source,
    JSON.stringify(version.sealed),
    version.limits.cpuSeconds,
    version.limits.memoryMb,
    version.savedAt,
    version.savedBy,
  );
  await tx.run('UPDATE code_steps SET version = ? WHERE id = ?', next, stepId);
  return next;
}

/** Writes what of a step can change beside its versions. */
export async function updateStep(
  tx: Tx,
  step: Pick<CodeStep, 'id' | 'description' | 'position' | 'enabled'> & { readonly version: number },
): Promise<void> {
  await tx.run(
    'UPDATE code_steps SET description = ?, position = ?, enabled = ?, version = ? WHERE id = ?',
    step.description,
    step.position,
    step.enabled ? 1 : 0,
    step.version,
    step.id,
  );
}

/** Removes a step with all its versions. */
export async function deleteStep(tx: Tx, id: number): Promise<void> {
  await tx.run('DELETE FROM code_steps WHERE id = ?', id);
}

function toStep(row: StepRow): CodeStep {
  return {
    id: row.id,
    jobId: row.job_id,
    title: row.title,
    description: row.description,
    position: row.position,
    enabled: row.enabled === 1,
    current: toVersion(row),
  };
}

function toVersion(row: StepRow): StepVersion {
  return {
    version: row.version,
    source: row.source,
    sealed: JSON.parse(row.variables) as Record<string, string>,
    limits: { cpuSeconds: row.cpu_seconds, memoryMb: row.memory_mb },
    savedAt: row.saved_at,
    savedBy: row.saved_by,
  };
}
