/** Tells the time in integer microseconds since 1970 (UTC). Passed in, so that a test can set it. */
export type Clock = () => number;

const origin = performance.timeOrigin;

/**
 * The machine's wall clock with microsecond digits. It may step backwards when the machine's clock is set: order is kept by row
 * numbers, never by time.
 */
export const wallClock: Clock = () => {
  const wall = Date.now();
  // The high-resolution clock does not follow the machine's clock when that is set; it only lends the digits below a millisecond.
  const fraction = Math.floor(((origin + performance.now()) % 1) * 1000);
  return wall * 1000 + fraction;
};
