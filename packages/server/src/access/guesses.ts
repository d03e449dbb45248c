import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Tx } from '../storage/storage.ts';
import { nameKey } from './user.ts';

const SECOND = 1_000_000;
/** Failures are forgotten after a day without one, in microseconds. */
const FORGOTTEN_AFTER = 86_400 * SECOND;
export const LONGEST_WAIT = 15 * 60 * SECOND;
/** Failures that cost no waiting: people mistype. An address may be a whole office. */
export const FREE_OF_NAME = 5;
const FREE_OF_ADDRESS = 20;

interface Row {
  readonly failures: number;
  readonly last_at: number;
  readonly next_at: number;
}

/** Whose failures are counted. */
export interface GuessSubjects {
  readonly name: string;
  readonly address: string;
}

/**
 * The subjects of an attempt. Names are hashed: people type passwords into the name field. They are counted whether such a user exists or
 * not, so that the counting tells nobody. Of an IPv6 address the network (/64) counts, which is what one caller has.
 */
export function guessSubjects(name: string, address: string): GuessSubjects {
  return { name: `name:${hash('sha256', nameKey(name), 'base64url')}`, address: `address:${network(address)}` };
}

/** Microseconds to wait after the n-th failure in a row: none at first, then 1 s, doubling, at most 15 minutes. */
export function waitAfter(failures: number, free: number): number {
  if (failures < free) return 0;
  return Math.min(LONGEST_WAIT, SECOND * 2 ** Math.min(30, failures - free));
}

/**
 * Counts an attempt as failed before it is known to be, so that many at once cannot all slip through; `forgive` takes it back.
 * @returns microseconds still to wait, then nothing was counted; 0 when the attempt may go on.
 */
export async function countAttempt(tx: Tx, subjects: GuessSubjects, now: number): Promise<number> {
  await tx.run('DELETE FROM sign_in_guesses WHERE last_at < ?', now - FORGOTTEN_AFTER);
  const [name, address] = [await current(tx, subjects.name, now), await current(tx, subjects.address, now)];
  const wait = Math.max(name.next_at, address.next_at) - now;
  if (wait > 0) return wait;
  await put(tx, subjects.name, name.failures + 1, now, waitAfter(name.failures + 1, FREE_OF_NAME));
  await put(tx, subjects.address, address.failures + 1, now, waitAfter(address.failures + 1, FREE_OF_ADDRESS));
  return 0;
}

/**
 * The attempt was right: the name starts anew, the address gets this one attempt back and no more, or an attacker's own account would
 * wipe its count.
 */
export async function forgive(tx: Tx, subjects: GuessSubjects, now: number): Promise<void> {
  await forgetName(tx, subjects);
  const address = await tx.get<Row>('SELECT failures, last_at, next_at FROM sign_in_guesses WHERE subject = ?', subjects.address);
  if (address) await put(tx, subjects.address, Math.max(0, address.failures - 1), now, 0);
}

/** An administrator gave a new password: the failures with the old one are done with. */
export async function forgetName(tx: Tx, subjects: Pick<GuessSubjects, 'name'>): Promise<void> {
  await tx.run('DELETE FROM sign_in_guesses WHERE subject = ?', subjects.name);
}

async function current(tx: Tx, subject: string, now: number): Promise<Row> {
  const row = await tx.get<Row>('SELECT failures, last_at, next_at FROM sign_in_guesses WHERE subject = ?', subject);
  if (!row) return { failures: 0, last_at: now, next_at: now };
  if (row.last_at <= now) return row;
  // The clock went backwards: the wait starts anew instead of lasting until the clock has caught up.
  const wait = row.next_at - row.last_at;
  await put(tx, subject, row.failures, now, wait);
  return { failures: row.failures, last_at: now, next_at: now + wait };
}

async function put(tx: Tx, subject: string, failures: number, at: number, wait: number): Promise<void> {
  await tx.run(
    `INSERT INTO sign_in_guesses (subject, failures, last_at, next_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, next_at = excluded.next_at`,
    subject,
    failures,
    at,
    at + wait,
  );
}

function network(origin: string): string {
  // Origins are written `api 10.0.0.7`.
  const address = origin.slice(origin.lastIndexOf(' ') + 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!isIPv6(address)) return address.slice(0, 100);
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const front = head.split(':').filter((group) => group !== '');
  const back = tail.split(':').filter((group) => group !== '');
  const groups = address.includes('::')
    ? [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back]
    : front;
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
