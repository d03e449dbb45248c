import { hash, timingSafeEqual } from 'node:crypto';
import { type FieldProblem, Refusal } from '../errors.ts';

export type KeyKind = 'input' | 'management';
/** What an input key may be allowed to do. */
export type KeyRight = 'events' | 'decisions' | 'feedback' | 'export' | 'train' | 'start_stop';

/** A key as people see it: never the key itself. Times in microseconds. */
export interface Key {
  readonly id: number;
  readonly name: string;
  readonly kind: KeyKind;
  /** How the key starts and its last four characters, for recognition. */
  readonly prefix: string;
  readonly last4: string;
  /** Of a management key; empty for an input key. */
  readonly scopes: readonly string[];
  /** Of an input key; empty for a management key. */
  readonly rights: readonly KeyRight[];
  /** Whose token it is (`user:1`); null for a key of its own. Ends with the person's access. */
  readonly owner: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

/** What a new key shall be. */
export interface KeyDraft {
  readonly name: string;
  readonly kind: KeyKind;
  /** Of a management key; all that the maker may grant where absent. */
  readonly scopes?: readonly string[] | undefined;
  /** Of an input key; all that the maker may grant where absent. */
  readonly rights?: readonly KeyRight[] | undefined;
  /** An input key that exists already in the customer's SOAR, pasted. Made here where absent. */
  readonly value?: string | undefined;
  /** Microseconds; never where absent or null. */
  readonly expiresAt?: number | null | undefined;
}

/** Why a key is not taken. */
export type KeyFault = 'unknown' | 'revoked' | 'expired';

/** How the keys made here start, so that a leaked one is found by those who search for secrets. */
export const KEY_PREFIX = 'vrd_';
/** Random bytes of a key made here. */
export const KEY_BYTES = 32;
/** Characters of a pasted key. */
export const VALUE_MIN = 16;
export const VALUE_MAX = 256;
const NAME_MAX = 200;

/** SHA-256 of a key: 256 random bits need no slow hash, and every ingest pays for this one. */
export function keyHash(value: string): Buffer {
  return hash('sha256', value, 'buffer');
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

/**
 * The scopes or rights that a key gets: what was asked, or all that the maker may grant.
 * @throws Refusal `invalid` for one that does not exist, `forbidden` for one that the maker does not have.
 */
export function granted<Name extends string>(
  asked: readonly Name[] | undefined,
  grantable: readonly Name[],
  known: readonly string[],
  what: 'scope' | 'right',
): Name[] {
  if (asked === undefined) return [...grantable];
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const sentence = `There is no ${what} ${unknown.slice(0, 3).join(', ').slice(0, 200)}. Choose among: ${known.join(', ')}.`;
    throw new Refusal('invalid', sentence, {
      problems: [{ loc: ['body', `${what}s`], msg: 'is not known', type: 'unknown_value' }],
    });
  }
  const beyond = asked.filter((name) => !grantable.includes(name));
  if (beyond.length > 0)
    throw new Refusal('forbidden', `You cannot grant the ${what} ${beyond.join(', ')}: you do not have it yourself.`);
  return known.filter((name): name is Name => asked.some((one) => one === name));
}

/**
 * Checks what a person or document says of a new key.
 * @throws Refusal `invalid` naming the places.
 */
export function checkDraft(draft: KeyDraft, now: number): void {
  const problems: FieldProblem[] = [];
  const problem = (member: string, msg: string) => problems.push({ loc: ['body', member], msg, type: 'bad_format' });
  const nameFault = keyNameFault(draft.name);
  if (nameFault) problem('name', nameFault);
  if (draft.value !== undefined) {
    if (draft.kind !== 'input') problem('value', 'is only for input keys; management keys are always made here');
    const fault = valueFault(draft.value);
    if (fault) problem('value', fault);
  }
  if (draft.kind === 'management' && draft.rights) problem('rights', 'are for input keys; a management key has scopes');
  if (draft.kind === 'input' && draft.scopes) problem('scopes', 'are for management keys; an input key has rights');
  const expiry = expiryFault(draft.expiresAt, now);
  if (expiry) problem('expires_at', expiry);
  refuseProblems('The key cannot be made', problems);
}

export function keyNameFault(name: string): string | null {
  if (name.trim() === '' || name !== name.trim()) return 'must be a name without blanks around it';
  if ([...name].length > NAME_MAX) return `must have at most ${NAME_MAX} characters`;
  if (/\p{Cc}|\p{Cs}/u.test(name)) return 'must have no control characters';
  return null;
}

export function expiryFault(expiresAt: number | null | undefined, now: number): string | null {
  if (expiresAt === undefined || expiresAt === null) return null;
  return Number.isSafeInteger(expiresAt) && expiresAt > now ? null : 'must be in the future';
}

/** @throws Refusal `invalid` when there is a problem. */
export function refuseProblems(what: string, problems: readonly FieldProblem[]): void {
  if (problems.length === 0) return;
  throw new Refusal('invalid', `${what}: ${problems.map(({ loc, msg }) => `${loc.at(-1)} ${msg}`).join('; ')}.`, { problems });
}

/** A pasted key must fit into a header, and not be guessable: length alone would let through sixteen times the same character. */
function valueFault(value: string): string | null {
  if (value.length < VALUE_MIN || value.length > VALUE_MAX) return `must have ${VALUE_MIN} to ${VALUE_MAX} characters`;
  if (!/^[\x21-\x7e]+$/.test(value)) return 'must be printable ASCII characters without blanks';
  if (new Set(value).size < 6) return 'is too easy to guess: use more different characters';
  return null;
}
