import { parseArgs } from 'node:util';

/** How a bench is run. */
export interface Options {
  /** 1 = as published; below that only to see that it works: fewer of everything, and no target is judged. */
  readonly size: number;
  readonly seed: number;
  /** Options of this bench alone, as they were given. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** A whole number of things, scaled by the size and never below `least`. */
  scaled(full: number, least?: number): number;
}

/**
 * Reads `--size` and `--seed`, and the options that one bench alone has.
 * @throws Error with a sentence for anything else.
 */
export function readOptions(own: readonly string[] = []): Options {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(own.map((name) => [name, { type: 'string' as const }])),
      size: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
    },
  });
  const size = Number(values.size);
  const seed = Number(values.seed);
  if (!(size > 0 && size <= 1)) throw new Error('--size is a number above 0 and at most 1.');
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Error('--seed is a whole number from 0 to 4294967295.');
  return {
    size,
    seed,
    own: Object.fromEntries(own.map((name) => [name, (values as Record<string, string | undefined>)[name]])),
    scaled: (full, least = 1) => Math.max(least, Math.round(full * size)),
  };
}
