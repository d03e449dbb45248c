import type { ColumnPiece, Entry } from './column-piece.ts';
import {
  type Best,
  comparePlaced,
  compareValues,
  type Placed,
  type SortKey,
  type SortValue,
  sortValue,
  sortValues,
} from './hits.ts';
import type { Rows } from './rows.ts';

/** Offers rows to those that keep the first of them, by columns where there are some. */
export class Offering {
  readonly #keys: readonly SortKey[];
  readonly #after: Placed | undefined;
  readonly #compare: (a: Placed, b: Placed) => number;
  readonly #values: readonly Map<Entry, SortValue>[];
  /** The time that events are sorted by before all else: 1 = ascending, -1 = descending; 0 = they are not. */
  readonly #byTime: number;

  /** @param after only what comes after this place is offered. */
  constructor(keys: readonly SortKey[], after?: Placed) {
    this.#keys = keys;
    this.#after = after;
    this.#compare = comparePlaced(keys);
    this.#values = keys.map(() => new Map());
    this.#byTime = keys[0]?.field === '@timestamp' ? (keys[0].descending ? -1 : 1) : 0;
  }

  offer(best: Best<Placed>, { block, places }: Rows): void {
    const columns = this.#keys.map(({ field }) => (isOwn(field) ? undefined : block.column(field, places.length)));
    for (const place of places) {
      const worst = this.#byTime === 0 ? undefined : best.last?.sort[0];
      // Most events of a long walk are older than all that are kept.
      if (worst && (block.time(place) - Number(worst[1])) * this.#byTime > 0) continue;
      const placed: Placed = {
        seq: block.seq(place),
        sort: this.#keys.map((key, index) => {
          if (key.field === '_doc') return [1, block.seq(place)];
          if (key.field === '@timestamp') return [2, block.time(place)];
          const column = columns[index];
          return column ? this.#valueOf(column, place, index, key) : sortValues(block.document(place), [key])[0]!;
        }),
      };
      if (this.#after && this.#compare(placed, this.#after) <= 0) continue;
      best.offer(placed, () => placed);
    }
  }

  #valueOf({ codes, entries }: ColumnPiece, place: number, index: number, { descending }: SortKey): SortValue {
    const entry = entries[codes[place]!]!;
    const known = this.#values[index]!;
    let value = known.get(entry);
    if (value === undefined) {
      value = null;
      for (const one of entry.values) {
        const next = sortValue(one);
        if (value === null || compareValues(next, value) * (descending ? -1 : 1) < 0) value = next;
      }
      if (known.size >= 100_000) known.clear();
      known.set(entry, value);
    }
    return value;
  }
}

function isOwn(field: string): boolean {
  return field === '_doc' || field === '@timestamp';
}
