/** Stretches of a job's events, each counted once, and how they are put together. Pure. */

/** What the current events of a stretch come to. Times are microseconds. */
export interface Counts {
  readonly events: number;
  /** The earliest and the latest of their own times; `first` is above `last` where there are no events. */
  readonly first: number;
  readonly last: number;
  /** Events by bucket and decided class, ascending by both: three lists of one length. Events without a bucket are in none of them. */
  readonly buckets: Float64Array;
  /** Class numbers; -1 = no decision. */
  readonly classes: Int32Array;
  readonly counts: Float64Array;
}

/** A stretch of rows: numbers above `after` up to `upTo`. Eight of the same height make one of the next. */
export interface Piece {
  readonly after: number;
  readonly upTo: number;
  readonly height: number;
  /** What it was made of, oldest first; none of a stretch that is counted by itself. */
  readonly parts: readonly Piece[];
  /** null: must be counted, or put together, again. */
  counted: Counts | null;
}

/** How many pieces make one of the next height. */
const PARTS = 8;

/** Adds a stretch at the end, and puts pieces together where enough stand beside each other. */
export function append(pieces: Piece[], piece: Piece): void {
  pieces.push(piece);
  for (;;) {
    const parts = pieces.slice(-PARTS);
    const { height } = parts.at(-1)!;
    if (parts.length < PARTS || parts.some((part) => part.height !== height)) return;
    pieces.splice(-PARTS, PARTS, {
      after: parts[0]!.after,
      upTo: parts.at(-1)!.upTo,
      height: height + 1,
      parts,
      counted: null,
    });
  }
}

/** Something in the row with this number has changed: what holds it must be counted again. */
export function invalidate(pieces: readonly Piece[], seq: number): void {
  for (const piece of pieces) {
    if (seq <= piece.after || seq > piece.upTo) continue;
    piece.counted = null;
    invalidate(piece.parts, seq);
  }
}

/** The counts of several stretches as one. */
export function together(parts: readonly Counts[]): Counts {
  if (parts.length === 0) return NOTHING;
  if (parts.length === 1) return parts[0]!;
  const half = parts.length >> 1;
  return merged(together(parts.slice(0, half)), together(parts.slice(half)));
}

const NOTHING: Counts = {
  events: 0,
  first: Number.POSITIVE_INFINITY,
  last: Number.NEGATIVE_INFINITY,
  buckets: new Float64Array(0),
  classes: new Int32Array(0),
  counts: new Float64Array(0),
};

function merged(a: Counts, b: Counts): Counts {
  const most = a.buckets.length + b.buckets.length;
  const buckets = new Float64Array(most);
  const classes = new Int32Array(most);
  const counts = new Float64Array(most);
  let [i, j, size] = [0, 0, 0];
  while (i < a.buckets.length || j < b.buckets.length) {
    const order = compare(a, i, b, j);
    const [from, at] = order <= 0 ? [a, i] : [b, j];
    buckets[size] = from.buckets[at]!;
    classes[size] = from.classes[at]!;
    counts[size] = (order <= 0 ? a.counts[i]! : 0) + (order >= 0 ? b.counts[j]! : 0);
    size++;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return {
    events: a.events + b.events,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    // Copied, so that no longer memory than needed is held.
    buckets: buckets.slice(0, size),
    classes: classes.slice(0, size),
    counts: counts.slice(0, size),
  };
}

/** Which of two entries comes first; one beyond its list comes last. */
function compare(a: Counts, i: number, b: Counts, j: number): number {
  if (i >= a.buckets.length) return 1;
  if (j >= b.buckets.length) return -1;
  return a.buckets[i]! - b.buckets[j]! || a.classes[i]! - b.classes[j]!;
}
