/** Numbers drawn from a seed: the same seed gives the same ones, on every machine. */
export interface Random {
  /** 0 (included) to 1 (excluded). */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** One of a list; those at the front more often the higher `lean` (1 = all alike). */
  pick<T>(list: readonly T[], lean?: number): T;
  /** true in `share` of the cases. */
  chance(share: number): boolean;
}

/** xorshift32 (Marsaglia 2003) over a scrambled seed. */
export function randomFrom(seed: number): Random {
  let state = Math.imul((seed ^ 0x9e3779b9) >>> 0 || 1, 0x85ebca6b) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
  for (let turn = 0; turn < 8; turn++) next();
  return {
    next,
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (list, lean = 1) => list[Math.floor(next() ** lean * list.length)]!,
    chance: (share) => next() < share,
  };
}
