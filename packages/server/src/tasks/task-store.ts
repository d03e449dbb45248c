import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Task, TaskState } from './task.ts';

interface Row {
  readonly id: number;
  readonly job_id: number | null;
  readonly kind: string;
  readonly state: TaskState;
  readonly parameters: string;
  readonly cursor: string | null;
  readonly share: number;
  readonly step: string;
  readonly message: string;
  readonly cancel_requested: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly crashes: number;
}

const COLUMNS =
  'id, job_id, kind, state, parameters, cursor, share, step, message, cancel_requested, created_at, created_by, started_at, finished_at, crashes';

/** Adds a waiting task; returns its id. */
export async function insertTask(
  tx: Tx,
  task: { readonly jobId: number | null; readonly kind: string; readonly parameters: unknown; readonly createdBy: string },
  now: number,
): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO tasks (job_id, kind, state, parameters, created_at, created_by) VALUES (?, ?, 'waiting', ?, ?, ?)`,
    task.jobId,
    task.kind,
    JSON.stringify(task.parameters),
    now,
    task.createdBy,
  );
  return id;
}

export async function findTask(tx: ReadTx, id: number): Promise<Task | undefined> {
  const row = await tx.get<Row>(`SELECT ${COLUMNS} FROM tasks WHERE id = ?`, id);
  return row && taskOf(row);
}

/** Newest first. */
export async function listTasks(tx: ReadTx, limit: number): Promise<Task[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM tasks ORDER BY id DESC LIMIT ?`, limit)).map(taskOf);
}

/** The tasks of a job, newest first. */
export async function listTasksOfJob(tx: ReadTx, jobId: number, limit: number): Promise<Task[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM tasks WHERE job_id = ? ORDER BY id DESC LIMIT ?`, jobId, limit)).map(taskOf);
}

/** Waiting and running tasks, oldest first. */
export async function listActive(tx: ReadTx): Promise<Task[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM tasks WHERE state IN ('waiting', 'running') ORDER BY id`)).map(taskOf);
}

/** The waiting or running task of a kind of a job, the running or oldest one first. */
export async function findActive(tx: ReadTx, jobId: number, kind: string): Promise<Task | undefined> {
  const row = await tx.get<Row>(
    `SELECT ${COLUMNS} FROM tasks WHERE job_id = ? AND kind = ? AND state IN ('waiting', 'running') ORDER BY state = 'waiting', id LIMIT 1`,
    jobId,
    kind,
  );
  return row && taskOf(row);
}

/** The newest task of a kind of a job, whatever its state. */
export async function findLatest(tx: ReadTx, jobId: number, kind: string): Promise<Task | undefined> {
  const row = await tx.get<Row>(
    `SELECT ${COLUMNS} FROM tasks WHERE job_id = ? AND kind = ? ORDER BY id DESC LIMIT 1`,
    jobId,
    kind,
  );
  return row && taskOf(row);
}

/** Running tasks whose lease another process took. */
export async function listLeftRunning(tx: ReadTx, owner: string): Promise<Task[]> {
  const rows = await tx.all<Row>(
    `SELECT ${COLUMNS} FROM tasks WHERE state = 'running' AND lease_owner IS NOT ? ORDER BY id`,
    owner,
  );
  return rows.map(taskOf);
}

/** Waiting → running under a lease; false when it does not wait any more. */
export async function claim(tx: Tx, id: number, owner: string, until: number, now: number): Promise<boolean> {
  const { changes } = await tx.run(
    `UPDATE tasks SET state = 'running', lease_owner = ?, lease_until = ?, started_at = coalesce(started_at, ?) WHERE id = ? AND state = 'waiting'`,
    owner,
    until,
    now,
    id,
  );
  return changes === 1;
}

/** Writes how far a running task is; getting on to another cursor forgives its crashes. */
export async function writeProgress(
  tx: Tx,
  id: number,
  owner: string,
  progress: { readonly share: number; readonly step: string; readonly cursor: unknown },
  until: number,
): Promise<void> {
  const cursor = progress.cursor === null ? null : JSON.stringify(progress.cursor);
  await tx.run(
    `UPDATE tasks SET share = ?, step = ?, crashes = CASE WHEN cursor IS ? THEN crashes ELSE 0 END, cursor = ?, lease_until = ?
     WHERE id = ? AND state = 'running' AND lease_owner = ?`,
    progress.share,
    progress.step,
    cursor,
    cursor,
    until,
    id,
    owner,
  );
}

/** Removes ended tasks of a kind of a job before one. */
export async function deleteEnded(tx: Tx, jobId: number, kind: string, before: number): Promise<void> {
  await tx.run(
    `DELETE FROM tasks WHERE job_id = ? AND kind = ? AND id < ? AND state IN ('done', 'failed', 'cancelled')`,
    jobId,
    kind,
    before,
  );
}

export async function requestCancel(tx: Tx, id: number): Promise<void> {
  await tx.run('UPDATE tasks SET cancel_requested = 1 WHERE id = ?', id);
}

/** Ends a task. */
export async function finish(
  tx: Tx,
  id: number,
  end: { readonly state: 'done' | 'failed' | 'cancelled'; readonly message: string; readonly share: number },
  now: number,
): Promise<void> {
  await tx.run(
    `UPDATE tasks SET state = ?, message = ?, share = ?, step = '', finished_at = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?`,
    end.state,
    end.message,
    end.share,
    now,
    id,
  );
}

/** Puts a running task back to wait, to go on at `cursor` or from the beginning. */
export async function putBack(
  tx: Tx,
  id: number,
  at: { readonly share: number; readonly cursor: unknown; readonly crashes: number },
): Promise<void> {
  await tx.run(
    `UPDATE tasks SET state = 'waiting', share = ?, step = '', cursor = ?, crashes = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?`,
    at.share,
    at.cursor === null ? null : JSON.stringify(at.cursor),
    at.crashes,
    id,
  );
}

function taskOf(row: Row): Task {
  return {
    id: row.id,
    jobId: row.job_id,
    kind: row.kind,
    state: row.state,
    parameters: JSON.parse(row.parameters) as Record<string, unknown>,
    cursor: row.cursor === null ? null : (JSON.parse(row.cursor) as unknown),
    share: row.share,
    step: row.step,
    message: row.message,
    cancelRequested: row.cancel_requested === 1,
    createdAt: row.created_at,
    createdBy: row.created_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    crashes: row.crashes,
  };
}
