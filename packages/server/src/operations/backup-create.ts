import { chmod, constants, copyFile, mkdir, open, readdir, rename, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { Refusal } from '../errors.ts';
import { SCHEMA_VERSION } from '../storage/migrations.ts';
import type { Storage } from '../storage/storage.ts';
import { BACKUP_DATABASE, KEY_FILE, keyFingerprint, type Manifest, manifestPath, sha256Of } from './backup-manifest.ts';

/** The folder inside the data folder for backups made through the API. */
export const BACKUPS_FOLDER = 'backups';

export interface BackupOptions {
  /** The version of Verdict. */
  readonly version: string;
  /** Also copies the key file, which opens the secrets of integrations: whoever has such a backup can read them. */
  readonly withKey?: boolean;
  readonly progress?: (share: number) => void;
  readonly now?: Date;
}

export interface BackupMade {
  readonly folder: string;
  readonly manifest: Manifest;
  /** What to know of it, for people. */
  readonly message: string;
}

/**
 * Makes a backup while the service runs: a consistent image of the database with everything that was acknowledged before the call. The
 * folder gets mode 0700, its files 0600.
 * @param folder is made; if it is there, it must be empty
 * @throws Refusal when the folder is not empty, lies inside the data folder (but for its `backups`), or the disk has too little space;
 *   StorageUnavailable when it cannot be written. Nothing is left behind then.
 */
export async function createBackup(
  storage: Pick<Storage, 'folder' | 'file' | 'backup'>,
  folder: string,
  options: BackupOptions,
): Promise<BackupMade> {
  const target = resolve(folder);
  refuseInside(storage.folder, target);
  const made = await makeFolder(target);
  const database = join(target, BACKUP_DATABASE);
  try {
    await checkSpace(storage.file, target);
    // Made beforehand, so that nobody else can read it at any moment.
    await writeFile(database, '', { mode: 0o600, flag: 'wx' });
    await storage.backup(database, options.progress);
    await persist(database);
    const fingerprint = await keyFingerprint(storage.folder);
    const included = options.withKey === true && fingerprint !== null;
    if (included) {
      await copyFile(join(storage.folder, KEY_FILE), join(target, KEY_FILE), constants.COPYFILE_EXCL);
      await persist(join(target, KEY_FILE));
    }
    const manifest: Manifest = {
      product: 'verdict',
      format: 1,
      version: options.version,
      schema: SCHEMA_VERSION,
      created_at: (options.now ?? new Date()).toISOString(),
      database: { bytes: (await stat(database)).size, sha256: await sha256Of(database) },
      key_file: { included, sha256: fingerprint },
    };
    const draft = `${manifestPath(target)}.new`;
    await writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await rename(draft, manifestPath(target));
    return { folder: target, manifest, message: tellOfKey(manifest, options.withKey === true) };
  } catch (error) {
    for (const name of [BACKUP_DATABASE, KEY_FILE, `${BACKUP_DATABASE}-journal`]) await rm(join(target, name), { force: true });
    await rm(`${manifestPath(target)}.new`, { force: true });
    if (made) await rmdir(target).catch(() => {});
    throw error;
  }
}

function tellOfKey({ key_file }: Manifest, wanted: boolean): string {
  if (key_file.included) {
    return `The key file ${KEY_FILE} is in the backup: whoever has the backup can read the secrets of your integrations. Keep it where only you can reach it.`;
  }
  if (key_file.sha256 === null) {
    return wanted
      ? 'There is no key file yet, so none is in the backup.'
      : 'There is no key file yet: nothing else needs to be kept.';
  }
  return `The key file ${KEY_FILE} is not in the backup. Keep a copy of it elsewhere: after a restore without it, the secrets of your integrations cannot be read and must be entered again.`;
}

/** A backup in the midst of the data would be taken for data by the next restore. */
function refuseInside(dataFolder: string, target: string): void {
  const inside = relative(resolve(dataFolder), target);
  if (
    inside === '..' ||
    inside.startsWith(`..${sep}`) ||
    resolve(inside) === inside ||
    inside.startsWith(`${BACKUPS_FOLDER}${sep}`)
  )
    return;
  throw new Refusal('refused', `${target} is inside the data folder. Choose a folder elsewhere, best on another disk.`);
}

/** @returns whether the folder was made here. */
async function makeFolder(target: string): Promise<boolean> {
  const made = (await mkdir(target, { recursive: true, mode: 0o700 })) !== undefined;
  if (!made && (await readdir(target)).length > 0) {
    throw new Refusal('refused', `${target} is not empty. Name a new folder for each backup.`);
  }
  await chmod(target, 0o700);
  return made;
}

async function checkSpace(database: string, target: string): Promise<void> {
  const [{ size }, log, disk] = await Promise.all([
    stat(database),
    stat(`${database}-wal`).catch(() => ({ size: 0 })),
    statfs(target),
  ]);
  const free = disk.bavail * disk.bsize;
  if (disk.blocks > 0 && free < size + log.size) {
    const needed = Math.ceil((size + log.size) / 1e6);
    throw new Refusal(
      'refused',
      `The backup needs ${needed} MB and ${target} has ${Math.floor(free / 1e6)} MB left. Free some space or choose another disk.`,
    );
  }
}

/** Private, and on the disk before anybody is told. */
async function persist(file: string): Promise<void> {
  await chmod(file, 0o600);
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
