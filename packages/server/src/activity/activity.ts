/** What came in within half an hour, and what was decided on it. */
export interface Cell {
  events: number;
  /** Events by class number; those without a decision are in none. */
  readonly byClass: Map<number, number>;
  /** Sum of the confidences of what was decided. */
  confidence: number;
  decided: number;
  /** Decided with a confidence below 60 %, or an outlier. */
  attention: number;
}

/** Events of a bin with the same decision; `events` is negative for what another version replaced. */
export interface Counted {
  readonly bin: number;
  readonly events: number;
  readonly classNo: number | null;
  readonly confidence: number | null;
  readonly outlier: number | null;
}

/** Below this a decision asks for a person. */
export const LOW_CONFIDENCE = 0.6;
/** Seconds of one cell: the zones of the world differ by multiples of it, but for a few that differ by a quarter of an hour more. */
export const BIN_SECONDS = 1_800;

/** Cells by their number: half hours since 1970. */
export type Grid = Map<number, Cell>;

export function addTo(grid: Grid, counted: readonly Counted[]): void {
  for (const { bin, events, classNo, confidence, outlier } of counted) {
    const cell = grid.get(bin) ?? { events: 0, byClass: new Map(), confidence: 0, decided: 0, attention: 0 };
    grid.set(bin, cell);
    cell.events += events;
    if (classNo === null) continue;
    cell.byClass.set(classNo, (cell.byClass.get(classNo) ?? 0) + events);
    cell.decided += events;
    cell.confidence += events * (confidence ?? 0);
    if ((confidence ?? 0) < LOW_CONFIDENCE || outlier === 1) cell.attention += events;
  }
}

/** A span of time in steps: one number for each step. */
export interface Course {
  /** Seconds since 1970 at which each step begins. */
  readonly times: readonly number[];
  readonly events: readonly number[];
  readonly byClass: ReadonlyMap<number, readonly number[]>;
  /** Mean confidence, 0 to 1; null where nothing was decided. */
  readonly confidence: readonly (number | null)[];
  readonly attention: number;
}

/**
 * The cells of the last `days` days in steps that a chart can show: hours for a day, six hours for a week, days for up to three months, else
 * weeks. Steps begin where they do in a zone that is `offset` seconds ahead of UTC.
 * @param now seconds since 1970.
 */
export function courseOf(grid: Grid, days: number, offset: number, now: number): Course {
  const step = days <= 1 ? 3_600 : days <= 7 ? 21_600 : days <= 92 ? 86_400 : 604_800;
  const floor = (time: number) => Math.floor((time + offset) / step) * step - offset;
  const first = floor(now - days * 86_400 + step);
  const times: number[] = [];
  for (let time = first; time <= now; time += step) times.push(time);
  const zeros = () => new Array<number>(times.length).fill(0);
  const events = zeros();
  const confidence = zeros();
  const decided = zeros();
  const byClass = new Map<number, number[]>();
  let attention = 0;
  for (const [bin, cell] of grid) {
    const at = Math.floor((bin * BIN_SECONDS - first) / step);
    if (at < 0 || at >= times.length) continue;
    events[at]! += cell.events;
    confidence[at]! += cell.confidence;
    decided[at]! += cell.decided;
    attention += cell.attention;
    for (const [classNo, count] of cell.byClass) {
      const values = byClass.get(classNo) ?? zeros();
      byClass.set(classNo, values);
      values[at]! += count;
    }
  }
  return {
    times,
    events,
    byClass,
    confidence: confidence.map((sum, index) => (decided[index]! > 0 ? sum / decided[index]! : null)),
    attention,
  };
}
