import type { ReadTx, Tx } from '../storage/storage.ts';
import type { View, ViewDraft } from './view.ts';

interface ViewRow {
  id: number;
  job_id: number;
  title: string;
  shared: number;
  owner_id: number;
  owner_name: string;
  search: string;
  updated_at: number;
}

const ALL = `SELECT v.id, v.job_id, v.title, v.shared, v.owner_id, u.name AS owner_name, v.search, v.updated_at
  FROM views v JOIN users u ON u.id = v.owner_id`;

/** Views of a job that a person sees: their own and shared ones, by name. */
export async function listViews(tx: ReadTx, jobId: number, userId: number): Promise<View[]> {
  const rows = await tx.all<ViewRow>(
    `${ALL} WHERE v.job_id = ? AND (v.owner_id = ? OR v.shared = 1) ORDER BY lower(v.title), v.id LIMIT 2000`,
    jobId,
    userId,
  );
  return rows.map(toView);
}

export async function getView(tx: ReadTx, jobId: number, id: number): Promise<View | undefined> {
  const row = await tx.get<ViewRow>(`${ALL} WHERE v.job_id = ? AND v.id = ?`, jobId, id);
  return row && toView(row);
}

/** The number of the view that a person has under a name. */
export async function findOwn(tx: ReadTx, jobId: number, userId: number, title: string): Promise<number | undefined> {
  const row = await tx.get<{ id: number }>(
    'SELECT id FROM views WHERE job_id = ? AND owner_id = ? AND title = ?',
    jobId,
    userId,
    title,
  );
  return row?.id;
}

export async function countOwn(tx: ReadTx, jobId: number, userId: number): Promise<number> {
  const row = await tx.get<{ n: number }>('SELECT count(*) AS n FROM views WHERE job_id = ? AND owner_id = ?', jobId, userId);
  return row?.n ?? 0;
}

export async function insertView(tx: Tx, jobId: number, userId: number, draft: ViewDraft, now: number): Promise<number> {
  const { id } = await tx.run(
    'INSERT INTO views (job_id, owner_id, title, shared, search, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
    jobId,
    userId,
    draft.title,
    draft.shared ? 1 : 0,
    draft.search,
    now,
  );
  return id;
}

export async function updateView(tx: Tx, id: number, draft: ViewDraft, now: number): Promise<void> {
  await tx.run(
    'UPDATE views SET title = ?, shared = ?, search = ?, updated_at = ? WHERE id = ?',
    draft.title,
    draft.shared ? 1 : 0,
    draft.search,
    now,
    id,
  );
}

/** Removes a view, also where it is somebody's default. */
export async function deleteView(tx: Tx, id: number): Promise<void> {
  await tx.run('DELETE FROM views WHERE id = ?', id);
}

/** The view that a person's Event Explorer opens with, where they still see it. */
export async function defaultView(tx: ReadTx, jobId: number, userId: number): Promise<number | null> {
  const row = await tx.get<{ view_id: number }>(
    `SELECT d.view_id FROM default_views d JOIN views v ON v.id = d.view_id
     WHERE d.job_id = ? AND d.user_id = ? AND (v.owner_id = d.user_id OR v.shared = 1)`,
    jobId,
    userId,
  );
  return row?.view_id ?? null;
}

export async function setDefaultView(tx: Tx, jobId: number, userId: number, viewId: number | null): Promise<void> {
  if (viewId === null) {
    await tx.run('DELETE FROM default_views WHERE job_id = ? AND user_id = ?', jobId, userId);
    return;
  }
  await tx.run(
    `INSERT INTO default_views (job_id, user_id, view_id) VALUES (?, ?, ?)
     ON CONFLICT (job_id, user_id) DO UPDATE SET view_id = excluded.view_id`,
    jobId,
    userId,
    viewId,
  );
}

function toView(row: ViewRow): View {
  return {
    id: row.id,
    jobId: row.job_id,
    title: row.title,
    shared: row.shared === 1,
    ownerId: row.owner_id,
    ownerName: row.owner_name,
    search: row.search,
    updatedAt: row.updated_at,
  };
}
