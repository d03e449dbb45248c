/**
 * What commands on the machine itself may use of the service: its store where nothing listens, settings, backups, certificates, and the pure parts
 * that read files and judge what could be learned from them.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { wallClock } from './clock.ts';
import { BadConfig, type Config, DEFAULTS, describeConfig, loadConfig } from './config.ts';
import { Refusal } from './errors.ts';
import { createHttp } from './http/server.ts';
import { type BackupMade, type BackupOptions, createBackup } from './operations/backup-create.ts';
import { restoreBackup } from './operations/backup-restore.ts';
import { createLog } from './operations/log.ts';
import { makeSelfSigned } from './operations/tls.ts';
import { type Running, SOCKET_FILE, startService } from './service.ts';
import { wireServices } from './services.ts';
import { copyImage } from './storage/image.ts';
import { NewerDatabase } from './storage/migrations.ts';
import { DATABASE_FILE, openSqlite, StoreInUse } from './storage/sqlite.ts';
import { VERSION } from './version.ts';

export { DEMO_LABELS, type DemoAlert, oddAlerts, ordinaryDay } from './demo/alerts.ts';
export { type Random, randomFrom } from './demo/random.ts';
export { choosePoints, type EvaluateOptions, type Evaluation, evaluateRows, labelsOf, MOST_POINTS } from './ingest/evaluate.ts';
export { type BadRow, type LabelledRow, type RowFields, readLabelledRow, secondId } from './ingest/labelled-row.ts';
export {
  type BackupMade,
  BadConfig,
  type Config,
  createLog,
  DEFAULTS,
  describeConfig,
  loadConfig,
  makeSelfSigned,
  NewerDatabase,
  Refusal,
  type Running,
  restoreBackup,
  SOCKET_FILE,
  StoreInUse,
  startService,
  VERSION,
};

/** The service without its port: only the command that opened it can talk to it. */
export interface LocalService {
  /** A Unix socket whose callers are the operator. */
  readonly socketPath: string;
  /** Finishes what was accepted and closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the store of a data folder that no service uses, and everything over it but the port.
 * @throws StoreInUse when a service or another command works on the folder, NewerDatabase when a later version wrote it.
 */
export async function openLocal(config: Config): Promise<LocalService> {
  const storage = openSqlite(config.dataDir);
  // Not in the data folder: its path may be too long for a socket, and what is there belongs to the service.
  const folder = mkdtempSync(join(tmpdir(), 'verdict-'));
  const socketPath = join(folder, 's');
  try {
    // Nobody else would hear of what fails here; what goes well is the command's own to say.
    const log = createLog({ logLevel: 'error' }, process.stderr);
    const services = wireServices({ config, storage, clock: wallClock, log });
    await services.start();
    const http = await createHttp({
      config: { ...config, tls: null },
      version: VERSION,
      log,
      authenticate: services.authenticate,
      routes: services.routes,
    });
    await http.listenOperator(socketPath);
    return {
      socketPath,
      async close() {
        services.stopping();
        await http.close();
        await services.stop();
        await storage.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes a backup of a data folder, whether a service is running on it or not.
 * @throws Refusal with what to do: no data there, the target not empty, too little space.
 */
export async function backupFolder(
  dataDir: string,
  target: string,
  options: Omit<BackupOptions, 'version'> = {},
): Promise<BackupMade> {
  const folder = resolve(dataDir);
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) {
    throw new Refusal('refused', `There is no data in ${folder}. Set VERDICT_DATA_DIR to the data folder of the service.`);
  }
  const store = {
    folder,
    file,
    backup: (to: string, progress?: (share: number) => void) => copyImage({ from: file, to }, progress),
  };
  return createBackup(store, target, { ...options, version: VERSION });
}
