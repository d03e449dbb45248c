import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, constants, copyFile, mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { Refusal } from '../errors.ts';
import { SCHEMA_VERSION } from '../storage/migrations.ts';
import { DATABASE_FILE, lockFolder } from '../storage/sqlite.ts';
import { BACKUPS_FOLDER } from './backup-create.ts';
import { BACKUP_DATABASE, KEY_FILE, keyFingerprint, type Manifest, readManifest, sha256Of } from './backup-manifest.ts';

export interface RestoreOptions {
  /** Replaces what is in the data folder; it is kept in a folder beside the restored files. */
  readonly force?: boolean;
  readonly progress?: (share: number) => void;
  readonly now?: Date;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where the files that were in the data folder are now; null when there were none. */
  readonly previous: string | null;
  /** Whether the service will have the key file that belongs to the backup. */
  readonly keyMissing: boolean;
  /** What to know of it, for people. */
  readonly messages: readonly string[];
}

const STAGING = '.restoring-';
const PREVIOUS = 'before-restore-';

/**
 * Puts a backup into a data folder that no service uses. Everything is checked before anything is touched: the manifest, the SHA-256 of
 * each file, the database's own integrity, and that this program knows its schema. When it fails, the data folder is as it was.
 * Sign-ins end: sessions are not restored.
 * @throws Refusal with what to do; StoreInUse while a service or command works on the data folder.
 */
export async function restoreBackup(backupFolder: string, dataFolder: string, options: RestoreOptions = {}): Promise<Restored> {
  const source = resolve(backupFolder);
  const target = resolve(dataFolder);
  const manifest = await readManifest(source);
  if (manifest.schema > SCHEMA_VERSION) {
    throw new Refusal(
      'refused',
      `The backup was made by a newer Verdict (${manifest.version}, schema ${manifest.schema}; this program knows ${SCHEMA_VERSION}). Restore it with that version.`,
    );
  }
  const made = (await mkdir(target, { recursive: true, mode: 0o700 })) !== undefined;
  const release = lockFolder(target);
  let done = false;
  try {
    await removeStaging(target);
    const ownKey = await keyFingerprint(target);
    const hasItsKey = ownKey !== null && ownKey === manifest.key_file.sha256;
    const occupied = (await readdir(target)).filter((name) => !stays(name) && !(name === KEY_FILE && hasItsKey));
    if (occupied.length > 0 && !options.force) {
      throw new Refusal(
        'refused',
        `${target} is not empty. Restore into an empty folder, or say --force: what is there now is then kept in a folder beside the restored files.`,
      );
    }
    const staging = await stage(source, target, manifest, options.progress);
    const previous = occupied.length > 0 ? join(target, `${PREVIOUS}${stamp(options.now ?? new Date())}`) : null;
    await putInPlace(target, staging, occupied, previous);
    if (previous && hasItsKey) await copyFile(join(target, KEY_FILE), join(previous, KEY_FILE), constants.COPYFILE_EXCL);
    done = true;
    const keyMissing = manifest.key_file.sha256 !== null && !manifest.key_file.included && !hasItsKey;
    return { manifest, previous, keyMissing, messages: tell(manifest, target, previous, hasItsKey) };
  } finally {
    await removeStaging(target);
    release();
    if (made && !done) await rm(target, { recursive: true, force: true });
  }
}

/** Copies the files of the backup into a folder on the data folder's own disk and checks every one of them there. */
async function stage(source: string, target: string, manifest: Manifest, progress?: (share: number) => void): Promise<string> {
  await checkSpace(target, manifest.database.bytes);
  const staging = await mkdtemp(join(target, STAGING));
  await chmod(staging, 0o700);
  const database = join(staging, DATABASE_FILE);
  const hash = await copyHashed(join(source, BACKUP_DATABASE), database, manifest.database.bytes, progress);
  if (hash !== manifest.database.sha256) {
    throw new Refusal(
      'refused',
      `${join(source, BACKUP_DATABASE)} is not as it was when the backup was made: its SHA-256 differs. Use another backup.`,
    );
  }
  if (manifest.key_file.included) {
    const key = join(source, KEY_FILE);
    if (!(await exists(key)) || (await sha256Of(key)) !== manifest.key_file.sha256) {
      throw new Refusal('refused', `${key} is missing or not as it was when the backup was made. Use another backup.`);
    }
    await copyFile(key, join(staging, KEY_FILE), constants.COPYFILE_EXCL);
    await chmod(join(staging, KEY_FILE), 0o600);
  }
  checkDatabase(database, manifest);
  return staging;
}

/** The database's own checks; then sessions are removed, so that nobody is signed in who was when the backup was made. */
function checkDatabase(file: string, manifest: Manifest): void {
  const database = new Database(file);
  try {
    const findings = database.pragma('integrity_check(5)', { simple: false }) as { integrity_check: string }[];
    if (findings.length !== 1 || findings[0]?.integrity_check !== 'ok') {
      const what = findings.map((finding) => finding.integrity_check).join('; ');
      throw new Refusal('refused', `The database of the backup is damaged (${what.slice(0, 300)}). Use another backup.`);
    }
    const schema = database.pragma('user_version', { simple: true });
    if (schema !== manifest.schema) {
      throw new Refusal(
        'refused',
        `The database of the backup has schema ${String(schema)}, its manifest says ${manifest.schema}. Use another backup.`,
      );
    }
    database.exec('DELETE FROM sessions');
    // So that the one file is the whole database, without a log beside it, when it is moved.
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('refused', 'The database of the backup cannot be read. Use another backup.', { cause: error });
  } finally {
    database.close();
  }
}

/** Moves what is there out of the way and the restored files in; on a failure everything goes back. */
async function putInPlace(target: string, staging: string, occupied: readonly string[], previous: string | null): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  const move = async (from: string, to: string) => {
    await rename(from, to);
    undo.push(() => rename(to, from));
  };
  try {
    if (previous) {
      await mkdir(previous, { mode: 0o700 });
      undo.push(() => rm(previous, { recursive: true, force: true }));
      for (const name of occupied) await move(join(target, name), join(previous, name));
    }
    for (const name of [DATABASE_FILE, KEY_FILE]) {
      if (await exists(join(staging, name))) await move(join(staging, name), join(target, name));
    }
    await chmod(join(target, DATABASE_FILE), 0o600);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

function tell(manifest: Manifest, target: string, previous: string | null, hasItsKey: boolean): string[] {
  const messages = [
    `Restored the backup of ${manifest.created_at} (Verdict ${manifest.version}). Users and API keys are as they were then: what was revoked since is valid again, so revoke it anew.`,
  ];
  if (previous) messages.push(`What was in the data folder before is in ${previous}; remove it when all is well.`);
  if (manifest.key_file.sha256 !== null && !manifest.key_file.included) {
    messages.push(
      hasItsKey
        ? `The key file ${KEY_FILE} is not in the backup; the one that is in the data folder belongs to it and was kept.`
        : `The key file ${KEY_FILE} is missing: it is not in the backup. Copy the one of the original service to ${join(target, KEY_FILE)} before you start; without it the secrets of integrations cannot be read and must be entered again.`,
    );
  }
  return messages;
}

/** What a restore leaves alone: the lock it holds, backups, and what earlier restores put aside. */
function stays(name: string): boolean {
  return name.startsWith('lock.db') || name === BACKUPS_FOLDER || name.startsWith(PREVIOUS) || name.startsWith(STAGING);
}

async function removeStaging(target: string): Promise<void> {
  for (const name of await readdir(target)) {
    if (name.startsWith(STAGING)) await rm(join(target, name), { recursive: true, force: true });
  }
}

async function copyHashed(from: string, to: string, size: number, progress?: (share: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let copied = 0;
  try {
    await pipeline(
      createReadStream(from, { highWaterMark: 1024 * 1024 }),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          hash.update(piece);
          copied += piece.length;
          progress?.(Math.min(1, copied / size));
          yield piece;
        }
      },
      createWriteStream(to, { mode: 0o600, flags: 'wx', flush: true }),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Refusal('refused', `The backup is not complete: ${from} is missing.`, { cause: error });
    }
    throw error;
  }
  return hash.digest('hex');
}

async function checkSpace(target: string, bytes: number): Promise<void> {
  const disk = await statfs(target);
  const free = disk.bavail * disk.bsize;
  if (disk.blocks > 0 && free < bytes) {
    throw new Refusal(
      'refused',
      `The restore needs ${Math.ceil(bytes / 1e6)} MB and ${target} has ${Math.floor(free / 1e6)} MB left.`,
    );
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function stamp(now: Date): string {
  return now.toISOString().replaceAll(/[:.]/g, '-');
}
