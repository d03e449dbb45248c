import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Integration, IntegrationUser } from './integration.ts';

/** Integrations are numbered from here, as documents refer to them. */
const FIRST_INTEGRATION_ID = 1001;

interface Row {
  id: number;
  title: string;
  type: string;
  parameters: string;
  key_id: number | null;
  created_at: number;
  created_by: string;
  updated_at: number;
}

/** What the column `parameters` holds, as JSON. */
interface StoredParameters {
  readonly plain: Record<string, unknown>;
  readonly sealed: Record<string, string>;
  readonly ownsKey: boolean;
}

export async function getIntegration(tx: ReadTx, id: number): Promise<Integration | undefined> {
  const row = await tx.get<Row>('SELECT * FROM integrations WHERE id = ?', id);
  return row && assemble(row);
}

export async function getIntegrationByTitle(tx: ReadTx, title: string): Promise<Integration | undefined> {
  const row = await tx.get<Row>('SELECT * FROM integrations WHERE title = ?', title);
  return row && assemble(row);
}

/** All integrations by number. */
export async function listIntegrations(tx: ReadTx): Promise<Integration[]> {
  return (await tx.all<Row>('SELECT * FROM integrations ORDER BY id')).map(assemble);
}

/** The enabled input integrations of a job, in pipeline order. */
export async function inputsOfJob(tx: ReadTx, jobId: number): Promise<Integration[]> {
  const rows = await tx.all<Row>(
    `SELECT i.* FROM job_integrations ji JOIN integrations i ON i.id = ji.integration_id
     WHERE ji.job_id = ? AND ji.role = 'input' AND ji.enabled = 1 ORDER BY ji.position`,
    jobId,
  );
  return rows.map(assemble);
}

/** The jobs that an integration is wired to, by number; a job with several roles of it comes once for each. */
export async function usersOf(tx: ReadTx, integrationId: number): Promise<IntegrationUser[]> {
  const rows = await tx.all<{ id: number; title: string; role: string; enabled: number }>(
    `SELECT j.id, j.title, ji.role, ji.enabled FROM job_integrations ji JOIN jobs j ON j.id = ji.job_id
     WHERE ji.integration_id = ? ORDER BY j.id, ji.position`,
    integrationId,
  );
  return rows.map(({ id, title, role, enabled }) => ({ jobId: id, title, role, enabled: enabled === 1 }));
}

/** Titles of the integrations that use a key, by number. */
export async function titlesUsingKey(tx: ReadTx, keyId: number): Promise<string[]> {
  const rows = await tx.all<{ title: string }>('SELECT title FROM integrations WHERE key_id = ? ORDER BY id', keyId);
  return rows.map(({ title }) => title);
}

/** The next number, never given before; it counts as given from now on. */
export async function takeIntegrationId(tx: Tx): Promise<number> {
  const top = await tx.get<{ top: number | null }>('SELECT max(id) AS top FROM integrations');
  const last = await tx.get<{ value: string }>(`SELECT value FROM meta WHERE name = 'last_integration_id'`);
  // A number is never given twice, also after its integration was deleted: documents keep it.
  const id = Math.max(FIRST_INTEGRATION_ID - 1, top?.top ?? 0, Number(last?.value ?? 0)) + 1;
  await tx.run(
    `INSERT INTO meta (name, value) VALUES ('last_integration_id', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    String(id),
  );
  return id;
}

export async function insertIntegration(tx: Tx, integration: Integration): Promise<void> {
  await tx.run(
    'INSERT INTO integrations (id, title, type, parameters, key_id, created_at, created_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    integration.id,
    integration.title,
    integration.type,
    storedParameters(integration),
    integration.keyId,
    integration.createdAt,
    integration.createdBy,
    integration.updatedAt,
  );
}

/** Stores title, parameters, key and time of change. */
export async function updateIntegration(tx: Tx, integration: Integration): Promise<void> {
  await tx.run(
    'UPDATE integrations SET title = ?, parameters = ?, key_id = ?, updated_at = ? WHERE id = ?',
    integration.title,
    storedParameters(integration),
    integration.keyId,
    integration.updatedAt,
    integration.id,
  );
}

export async function deleteIntegration(tx: Tx, id: number): Promise<void> {
  await tx.run('DELETE FROM integrations WHERE id = ?', id);
}

function storedParameters({ plain, sealed, ownsKey }: StoredParameters): string {
  return JSON.stringify({ plain, sealed, ownsKey } satisfies StoredParameters);
}

function assemble(row: Row): Integration {
  const { plain = {}, sealed = {}, ownsKey = false } = JSON.parse(row.parameters) as Partial<StoredParameters>;
  return {
    id: row.id,
    title: row.title,
    type: row.type,
    plain,
    sealed,
    keyId: row.key_id,
    ownsKey,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
  };
}
