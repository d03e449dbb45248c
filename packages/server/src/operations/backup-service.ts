import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { Storage } from '../storage/storage.ts';
import { BACKUPS_FOLDER, type BackupMade, createBackup } from './backup-create.ts';
import { type Manifest, readManifest } from './backup-manifest.ts';

/** A complete backup inside the data folder. */
export interface StoredBackup {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Backups made through the API: inside the data folder's `backups`, named by time, never with the key file. */
export class BackupService {
  readonly #storage: Storage;
  readonly #audit: AuditTrail;
  readonly #clock: Clock;
  readonly #version: string;
  #running = false;

  constructor(storage: Storage, audit: AuditTrail, clock: Clock, version: string) {
    this.#storage = storage;
    this.#audit = audit;
    this.#clock = clock;
    this.#version = version;
  }

  /**
   * Makes a backup and writes it down in the audit trail.
   * @throws Refusal `refused` while another one is being made, or when the disk has too little space.
   */
  async create(origin: Origin): Promise<BackupMade & { readonly name: string }> {
    if (this.#running) throw new Refusal('refused', 'A backup is being made already. Wait until it is done.');
    this.#running = true;
    try {
      const now = new Date(Math.floor(this.#clock() / 1000));
      const name = now.toISOString().replaceAll(/[:.]/g, '-');
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const made = await createBackup(this.#storage, join(this.#folder, name), { version: this.#version, now });
      const { database, key_file } = made.manifest;
      await this.#storage.write((tx) =>
        this.#audit.record(tx, origin, {
          action: 'backup.create',
          objectKind: 'backup',
          objectId: name,
          after: { bytes: database.bytes, sha256: database.sha256, with_key: key_file.included },
        }),
      );
      return { ...made, name };
    } finally {
      this.#running = false;
    }
  }

  /** The complete backups in the data folder, newest first. */
  async list(): Promise<StoredBackup[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = await Promise.all(
      names.map(async (name) => {
        const folder = join(this.#folder, name);
        // One without a readable manifest is being made, or was never finished.
        const manifest = await readManifest(folder).catch(() => null);
        return manifest ? [{ name, folder, manifest }] : [];
      }),
    );
    return found.flat().sort((a, b) => (a.manifest.created_at < b.manifest.created_at ? 1 : -1));
  }

  get #folder(): string {
    return join(this.#storage.folder, BACKUPS_FOLDER);
  }
}
