import type Database from 'better-sqlite3';
import { SCHEMA_1 } from './schema-1.ts';
import { SCHEMA_2 } from './schema-2.ts';
import { SCHEMA_3 } from './schema-3.ts';
import { SCHEMA_4 } from './schema-4.ts';
import { SCHEMA_5 } from './schema-5.ts';

/** Each entry brings the database from the version before it to its own (index + 1). Never edited once released. */
const MIGRATIONS: readonly string[] = [SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4, SCHEMA_5];

/** The version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The database was written by a later version of Verdict. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
}

/**
 * Brings a database up to `SCHEMA_VERSION`, all steps in one transaction: it is either there or as it was.
 * @throws NewerDatabase when a later version wrote it.
 */
export function migrate(database: Database.Database): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new NewerDatabase(
      `The data folder was written by a newer Verdict (schema ${version}, this program knows ${SCHEMA_VERSION}). Start that version, or restore a backup made before the update.`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  database.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
}
