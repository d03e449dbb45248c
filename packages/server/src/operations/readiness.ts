import { SCHEMA_VERSION } from '../storage/migrations.ts';
import type { Storage } from '../storage/storage.ts';
import { type DiskState, diskWarning } from './disk-watch.ts';

/** One thing that must be well before the service can be used. */
export interface Check {
  readonly name: 'running' | 'storage' | 'migrations';
  readonly ok: boolean;
  /** What is wrong; empty when nothing is. */
  readonly detail: string;
}

export interface Ready {
  readonly ready: boolean;
  readonly checks: readonly Check[];
  /** What is not wrong yet, but will be. */
  readonly warnings: readonly string[];
}

/** Whoever may ask may not make the store write more often than this, in milliseconds. */
const REMEMBERED_MS = 1_000;
/** A store that does not answer within this time counts as not writable, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Tells whether the service can be used: it is not stopping, a write succeeds now, and the database has this program's schema. */
export class Readiness {
  readonly #storage: Storage;
  readonly #disk: () => DiskState | null;
  #stopping = false;
  #asked: { readonly at: number; readonly answer: Promise<readonly Check[]> } | null = null;

  /** @param disk what the disk watch saw last */
  constructor(storage: Storage, disk: () => DiskState | null = () => null) {
    this.#storage = storage;
    this.#disk = disk;
  }

  /** The service begins to stop: from now on it is not ready, so that balancers send calls elsewhere. */
  stop(): void {
    this.#stopping = true;
  }

  async check(): Promise<Ready> {
    const running: Check = { name: 'running', ok: !this.#stopping, detail: this.#stopping ? 'The service is stopping.' : '' };
    const checks = [running, ...(await this.#checkStorage())];
    const disk = this.#disk();
    return { ready: checks.every(({ ok }) => ok), checks, warnings: disk?.low ? [diskWarning(disk.used)] : [] };
  }

  /** One probe answers all who ask within a second. */
  #checkStorage(): Promise<readonly Check[]> {
    const now = performance.now();
    if (!this.#asked || now - this.#asked.at > REMEMBERED_MS) this.#asked = { at: now, answer: this.#probe() };
    return this.#asked.answer;
  }

  async #probe(): Promise<readonly Check[]> {
    const [writable, version] = await Promise.all([
      within(this.#storage.writable(), 'late' as const),
      within(this.#schemaVersion(), undefined),
    ]);
    return [
      {
        name: 'storage',
        ok: writable === true,
        detail:
          writable === true
            ? ''
            : writable === 'late'
              ? `The store did not answer within ${PATIENCE_MS / 1000} seconds.`
              : 'The store cannot be written: is the disk full or read-only? The log says more.',
      },
      {
        name: 'migrations',
        ok: version === SCHEMA_VERSION,
        detail:
          version === SCHEMA_VERSION
            ? ''
            : `The database has schema ${version ?? 'unknown'}, this program needs ${SCHEMA_VERSION}.`,
      },
    ];
  }

  async #schemaVersion(): Promise<number | undefined> {
    try {
      const row = await this.#storage.read((tx) => tx.get<{ user_version: number }>('PRAGMA user_version'));
      return row?.user_version;
    } catch {
      return undefined;
    }
  }
}

async function within<T, L>(answer: Promise<T>, otherwise: L): Promise<T | L> {
  const { promise, resolve } = Promise.withResolvers<L>();
  const timer = setTimeout(resolve, PATIENCE_MS, otherwise);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
