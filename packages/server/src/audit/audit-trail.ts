import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import { type AuditEntry, type AuditRow, type AuditTail, rowHash, START, sideText } from './audit.ts';
import { type AuditFilter, append, ends, following, lastSeq, newest, newestOf, notedTail } from './audit-store.ts';

/** Rows checked or looked through between two turns of the loop. */
const BATCH = 1_000;
/** Rows that one page of a filtered list looks through before it answers with what it has and where to go on. */
const LOOKED_THROUGH_MAX = 100_000;

type Read = Storage['read'];

/** Whether the trail is as it was written. */
export interface AuditVerdict {
  readonly ok: boolean;
  /** Rows checked and found in order. */
  readonly rows: number;
  /** Number of the first row that is not as it was written, or is missing. */
  readonly firstBroken?: number;
  /** The last row of a trail in order. Kept elsewhere, it proves later that nothing before it was rewritten. */
  readonly head?: AuditTail;
  readonly sentence: string;
}

/**
 * Who changed what, before and after: append-only rows, each with a SHA-256 over itself and the row before it. The number and hash of
 * the last row are kept apart, so that rows cut off at the end are missed too. Whoever may write the database file can rewrite all of it;
 * to find that out, keep the head that `verify` reports somewhere else.
 */
export class AuditTrail {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes down a change in the unit that makes it: both are kept, or neither. */
  async record(tx: Tx, origin: Origin, entry: AuditEntry): Promise<void> {
    const tail = (await notedTail(tx)) ?? START;
    const { principal } = origin;
    const row: Omit<AuditRow, 'hash'> = {
      // Where the noted tail was tampered with, the trail goes on after the last row, and the gap stays to be found.
      seq: Math.max(tail.seq, await lastSeq(tx)) + 1,
      at: this.#clock(),
      actor_kind: principal.kind,
      actor_id: principalId(principal),
      actor_name: principal.name.toWellFormed(),
      origin: origin.address.toWellFormed(),
      action: entry.action,
      object_kind: entry.objectKind,
      object_id: String(entry.objectId).toWellFormed(),
      job_id: entry.jobId ?? null,
      before: sideText(entry.before),
      after: sideText(entry.after),
      previous_hash: tail.hash,
    };
    await append(tx, { ...row, hash: rowHash(row) });
  }

  /** Checks every row from the first, in batches, while the service goes on. */
  async verify(read: Read): Promise<AuditVerdict> {
    const { noted, last } = await read(ends);
    const end = noted ?? START;
    let at: AuditTail = START;
    while (at.seq < last) {
      const from = at.seq;
      const batch = await read((tx) => following(tx, from, BATCH));
      for (const row of batch) {
        if (row.seq > last) break;
        const fault = faultOf(row, at);
        if (fault) return broken(fault.seq, at.seq, fault.sentence);
        at = { seq: row.seq, hash: row.hash };
      }
      if (batch.length === 0) break;
      await nextTurn();
    }
    if (noted === null && last > 0)
      return broken(at.seq, at.seq, 'The note of the last entry is gone: entries may be missing at the end.');
    if (end.seq > at.seq) {
      const gone = end.seq - at.seq;
      const what = gone === 1 ? `Entry ${end.seq} is missing` : `Entries ${at.seq + 1} to ${end.seq} are missing`;
      return broken(at.seq + 1, at.seq, `${what} at the end of the trail.`);
    }
    if (end.seq < at.seq) return broken(end.seq + 1, at.seq, `Entries after ${end.seq} were not written by this service.`);
    if (end.hash !== at.hash) return broken(at.seq, at.seq, `Entry ${at.seq} was replaced after it was written.`);
    const sentence = at.seq === 0 ? 'The audit trail is empty.' : `All ${at.seq} entries are as they were written.`;
    return { ok: true, rows: at.seq, head: at, sentence };
  }

  /**
   * The newest entries that fit a filter.
   * @param beforeSeq entries older than this number; null for the newest.
   * @param size 1 to 1,000.
   * @returns the entries, newest first, and the `beforeSeq` of the next page, null at the end. A page may hold fewer than asked, even none,
   * while there are more: so much was looked through that it was time to answer.
   */
  async list(
    read: Read,
    filter: AuditFilter,
    beforeSeq: number | null,
    size: number,
  ): Promise<{ rows: AuditRow[]; next: number | null }> {
    const { objectKind, objectId } = filter;
    let before = beforeSeq ?? Number.MAX_SAFE_INTEGER;
    if (objectKind !== null && objectId !== null) {
      const rows = await read((tx) => newestOf(tx, objectKind, objectId, filter, before, size));
      return { rows, next: rows.length === size ? (rows.at(-1)?.seq ?? null) : null };
    }
    before = Math.min(before, (await read(lastSeq)) + 1);
    const rows: AuditRow[] = [];
    const stop = before - LOOKED_THROUGH_MAX;
    while (before > 1 && before > stop) {
      const [upTo, after, wanted] = [before, Math.max(0, before - 1 - BATCH), size - rows.length];
      const found = await read((tx) => newest(tx, filter, after, upTo, wanted));
      rows.push(...found);
      if (rows.length === size) return { rows, next: nextPage(rows.at(-1)?.seq ?? 1) };
      before = after + 1;
      await nextTurn();
    }
    return { rows, next: nextPage(before) };
  }
}

function nextPage(before: number): number | null {
  return before > 1 ? before : null;
}

function faultOf(row: AuditRow, previous: AuditTail): { seq: number; sentence: string } | null {
  if (row.seq !== previous.seq + 1) {
    const upTo = row.seq - 1;
    const what = upTo === previous.seq + 1 ? `Entry ${upTo} is` : `Entries ${previous.seq + 1} to ${upTo} are`;
    return { seq: previous.seq + 1, sentence: `${what} missing.` };
  }
  if (row.hash !== rowHash(row)) return { seq: row.seq, sentence: `Entry ${row.seq} was changed after it was written.` };
  if (row.previous_hash !== previous.hash)
    return { seq: row.seq, sentence: `Entry ${row.seq} does not follow entry ${previous.seq}: one of them was replaced.` };
  return null;
}

function broken(seq: number, rows: number, what: string): AuditVerdict {
  const sentence = `${what} The ${rows === 0 ? 'trail is broken from its start' : `${rows} before it are in order`}. Compare with a backup.`;
  return { ok: false, rows, firstBroken: seq, sentence };
}
