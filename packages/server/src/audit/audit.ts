import { hash } from 'node:crypto';

/** What a change is recorded as. `before` and `after` are plain JSON data without secrets. */
export interface AuditEntry {
  /** What was done, the thing first: `key.revoke`, `job.start`. */
  readonly action: string;
  /** The kind of thing it was done to: `key`, `user`, `job`. */
  readonly objectKind: string;
  readonly objectId: string | number;
  readonly jobId?: number | null | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One row of the trail as it is stored. Times in microseconds; `before` and `after` JSON text. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly actor_name: string;
  readonly origin: string;
  readonly action: string;
  readonly object_kind: string;
  readonly object_id: string;
  readonly job_id: number | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly previous_hash: string;
  readonly hash: string;
}

/** The last row that was written: kept apart, so that rows cut off at the end are missed. */
export interface AuditTail {
  readonly seq: number;
  readonly hash: string;
}

/** What the first row follows. */
export const START: AuditTail = { seq: 0, hash: '0'.repeat(64) };

/** Characters of JSON that one side of an entry may have; of more only the hash is kept. */
export const SIDE_MAX = 64 * 1024;

/** Names of members whose values are never written down, whatever a caller hands over. */
const SECRET_NAME =
  /^(?:.*_)?(?:password|passphrase|secret|token|csrf|cookie|authorization|api_?key|private_?key|key_value|credentials?)(?:_hash)?$/i;
const SECRET_CAMEL = /(?:Password|Passphrase|Secret|Token|ApiKey|PrivateKey)(?:Hash)?$/;
/** Our own keys are recognised wherever they stand. */
const OWN_KEY = /vrd_[A-Za-z0-9_-]{20,}/g;
export const MASK = '••••';

/**
 * JSON text of one side of an entry: members sorted by name, secrets masked, texts made well-formed Unicode (the store would change
 * lone surrogates, and the hash would no longer fit).
 * @returns null for undefined.
 */
export function sideText(side: unknown): string | null {
  if (side === undefined) return null;
  const text = JSON.stringify(clean(side)) ?? 'null';
  if (text.length <= SIDE_MAX) return text;
  return JSON.stringify({ too_long: text.length, sha256: hash('sha256', text, 'hex') });
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll(OWN_KEY, MASK);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(clean);
  if (value instanceof Set) return [...value].map(clean);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const members: [string, unknown][] = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, member]) => [name.toWellFormed(), isSecret(name, member) ? MASK : clean(member)]);
  return Object.fromEntries(members);
}

/** Whether a secret is set may be told (true, false, null), what it is may not. */
function isSecret(name: string, value: unknown): boolean {
  return (
    (SECRET_NAME.test(name) || SECRET_CAMEL.test(name)) && value !== null && typeof value !== 'boolean' && value !== undefined
  );
}

/**
 * The hash of a row: SHA-256 over the hash of the row before it and the row's members in a fixed order, as a JSON array.
 * @returns 64 hexadecimal digits.
 */
export function rowHash(row: Omit<AuditRow, 'hash'>): string {
  const members = [
    row.previous_hash,
    row.seq,
    row.at,
    row.actor_kind,
    row.actor_id,
    row.actor_name,
    row.origin,
    row.action,
    row.object_kind,
    row.object_id,
    row.job_id,
    row.before,
    row.after,
  ];
  return hash('sha256', JSON.stringify(members), 'hex');
}
