import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';

/** How full a disk is. */
export interface DiskState {
  /** Bytes of the whole disk. */
  readonly size: number;
  /** Bytes that this service may still use. */
  readonly free: number;
  /** Share in use, 0 to 1, as `df` counts it: what is set aside for the system's administrator is neither used nor free. */
  readonly used: number;
  /** Whether it is fuller than the service is set to warn of. */
  readonly low: boolean;
}

/** Blocks of a disk, as `fs.statfs` gives them. */
export interface DiskBlocks {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
}

const EVERY_MS = 60_000;
/** While the disk stays low the log says so again after this many looks. */
const REMIND_AFTER = 60;

/** Looks at the disk of the data folder each minute and warns in the log before it is full; what it saw last is shown in `/ready`. */
export class DiskWatch {
  readonly #folder: string;
  readonly #warnAt: number;
  readonly #log: Logger;
  readonly #look: (folder: string) => Promise<DiskBlocks>;
  #timer: NodeJS.Timeout | null = null;
  #latest: DiskState | null = null;
  #looksSinceWarning = 0;
  #blind = false;

  /**
   * @param warnAt percent of the disk in use from which to warn, 1 to 100
   * @param look reads the blocks of the disk that holds a folder
   */
  constructor(folder: string, warnAt: number, log: Logger, look: (folder: string) => Promise<DiskBlocks> = statfs) {
    this.#folder = folder;
    this.#warnAt = warnAt;
    this.#log = log;
    this.#look = look;
  }

  /** What was seen last; null before the first look and while the disk cannot be looked at. */
  get latest(): DiskState | null {
    return this.#latest;
  }

  /** Whether the disk was fuller than set when it was looked at last. */
  get low(): boolean {
    return this.#latest?.low ?? false;
  }

  /** Looks once, then each minute. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.check(), EVERY_MS);
    this.#timer.unref();
    await this.check();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Looks now. Never throws: a disk that cannot be looked at is said once in the log. */
  async check(): Promise<DiskState | null> {
    try {
      const wasLow = this.low;
      this.#latest = readDisk(await this.#look(this.#folder), this.#warnAt);
      this.#blind = false;
      this.#tell(wasLow, this.#latest);
    } catch (error) {
      this.#latest = null;
      if (!this.#blind) this.#log.warn({ err: error }, 'The free space of the disk cannot be read.');
      this.#blind = true;
    }
    return this.#latest;
  }

  #tell(wasLow: boolean, { low, used, free, size }: DiskState): void {
    if (low) {
      if (!wasLow || ++this.#looksSinceWarning >= REMIND_AFTER) {
        this.#looksSinceWarning = 0;
        this.#log.warn({ used, free, size }, diskWarning(used));
      }
    } else if (wasLow) {
      this.#log.info({ used, free, size }, 'The disk of the data folder has space again.');
    }
  }
}

/** The sentence for people. `used` is a share, 0 to 1. */
export function diskWarning(used: number): string {
  return `The disk of the data folder is ${Math.floor(used * 100)} % full. Free some space, or set a retention for events: when it is full, no event is taken.`;
}

/** Works out how full a disk is; one without blocks (some network file systems say so) counts as empty. */
export function readDisk({ bsize, blocks, bfree, bavail }: DiskBlocks, warnAt: number): DiskState {
  const taken = blocks - bfree;
  const reachable = taken + bavail;
  const used = reachable > 0 ? taken / reachable : 0;
  return { size: blocks * bsize, free: bavail * bsize, used, low: used * 100 >= warnAt };
}
