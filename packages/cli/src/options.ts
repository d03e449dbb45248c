import { type Command, InvalidArgumentError } from 'commander';
import type { Where } from './connect.ts';

/** Where the command works, from the options of the program and its own. */
export function whereOf(command: Command): Where {
  const { url, dataDir } = command.optsWithGlobals<{ url?: string; dataDir?: string }>();
  return { url, dataDir };
}

/** Reads a whole number of an option. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) throw new InvalidArgumentError(`Say a whole number from ${least} to ${most}.`);
    return number;
  };
}

/** Reads a share of an option: above 0 and below 1. */
export function share(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!(number > 0 && number < 1)) throw new InvalidArgumentError('Say a share above 0 and below 1, like 0.3.');
  return number;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads a time from now on (`30d`, `12h`, `8w`) or a date, as ISO 8601. */
export function expiry(text: string, now = Date.now()): string {
  const [, digits, unit] = /^(\d{1,6})([mhdw])$/.exec(text.trim()) ?? [];
  if (digits !== undefined && Number(digits) > 0) return new Date(now + Number(digits) * UNIT_MS[unit!]!).toISOString();
  const date = /^\d{4}-\d\d-\d\d/.test(text.trim()) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new InvalidArgumentError('Say how long, like 30d, 12h or 8w, or a date like 2030-01-31.');
  return new Date(date).toISOString();
}
