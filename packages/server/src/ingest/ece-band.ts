const BINS = 15;
const DRAWS = 200;

/**
 * The range in which the expected calibration error (15 equal-width bins) of a perfectly calibrated model falls on the same rows 95 % of the times:
 * whether each row is right is drawn from its own confidence, rows of one group with one draw together, 200 times (after the consistency
 * resampling of Bröcker and Smith 2007). An error inside the band is no evidence against the calibration.
 * @param confidences top probability of each row, 0 to 1.
 * @param groups of each row; undefined = a row on its own.
 * @param seed unsigned 32-bit.
 * @returns the 2.5 % and 97.5 % points; [0, 0] without rows.
 */
export function eceBand(
  confidences: readonly number[],
  groups: readonly (string | undefined)[],
  seed: number,
): readonly [number, number] {
  if (confidences.length === 0) return [0, 0];
  const numbers = new Map<string, number>();
  let count = 0;
  const unit = groups.map((group) => {
    if (group === undefined) return count++;
    const known = numbers.get(group);
    if (known !== undefined) return known;
    numbers.set(group, count);
    return count++;
  });
  const bin = confidences.map((confidence) => Math.min(BINS - 1, Math.floor(confidence * BINS)));
  const random = generator(seed);
  const draws = new Float64Array(count);
  const errors: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let u = 0; u < count; u++) draws[u] = random();
    const gap = new Float64Array(BINS);
    for (let row = 0; row < confidences.length; row++) {
      gap[bin[row]!]! += confidences[row]! - (draws[unit[row]!]! < confidences[row]! ? 1 : 0);
    }
    errors.push(gap.reduce((sum, one) => sum + Math.abs(one), 0) / confidences.length);
  }
  errors.sort((a, b) => a - b);
  return [errors[Math.round(0.025 * (DRAWS - 1))]!, errors[Math.round(0.975 * (DRAWS - 1))]!];
}

/** Uniform numbers from 0 (included) to 1 (excluded): mulberry32 (T. Ettinger 2017, public domain). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
