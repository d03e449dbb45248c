import {
  addEach,
  type Collector,
  countEntries,
  MOST_DISTINCT,
  measured,
  millisText,
  type Of,
  orMissing,
  tooMany,
  valuesOf,
} from './collector.ts';
import { Best, filterSource, type Placed, shownSort, sortValues } from './hits.ts';
import type { SearchDocument } from './query.ts';
import type { Rows } from './rows.ts';
import { equalityKey, type Scalar, timeOf } from './value.ts';

/** How many different values. */
export class Cardinality implements Collector {
  readonly #spec: Of<'cardinality'>;
  readonly #seen = new Set<string>();

  constructor(spec: Of<'cardinality'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    this.#take(document.values(this.#spec.field));
  }

  addRows(rows: Rows): void {
    const column = rows.block.column(this.#spec.field, rows.places.length);
    if (!column) {
      addEach(this, rows);
      return;
    }
    for (const [code, count] of countEntries(column, rows.places).entries())
      if (count > 0) this.#take(column.entries[code]!.values);
  }

  result(): Record<string, unknown> {
    return { value: this.#seen.size };
  }

  #take(values: readonly Scalar[]): void {
    for (const value of orMissing(this.#spec, values)) this.#seen.add(equalityKey(value));
    if (this.#seen.size > MOST_DISTINCT) throw tooMany(`more than ${MOST_DISTINCT} distinct values`);
  }
}

/** How many values. */
export class Count implements Collector {
  readonly #spec: Of<'value_count'>;
  #value = 0;

  constructor(spec: Of<'value_count'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    this.#value += valuesOf(this.#spec, document).length;
  }

  addRows(rows: Rows): void {
    const { field } = this.#spec;
    if (field === '@timestamp') {
      this.#value += rows.places.length;
      return;
    }
    const column = rows.block.column(field, rows.places.length);
    if (!column) {
      addEach(this, rows);
      return;
    }
    for (const [code, count] of countEntries(column, rows.places).entries())
      this.#value += count * orMissing(this.#spec, column.entries[code]!.values).length;
  }

  result(): Record<string, unknown> {
    return { value: this.#value };
  }
}

/** Numbers as they are, times in milliseconds; what is neither is passed over. */
export class Numbers implements Collector {
  readonly #spec: Of<'min' | 'max' | 'avg' | 'sum'>;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  #times = false;

  constructor(spec: Of<'min' | 'max' | 'avg' | 'sum'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    for (const value of valuesOf(this.#spec, document)) {
      const number = measured(value);
      if (number === null) continue;
      this.#times ||= isTime(value);
      this.#take(number);
    }
  }

  addRows(rows: Rows): void {
    eachNumber(this.#spec, rows, {
      number: (number) => this.#take(number),
      time: () => {
        this.#times = true;
      },
      otherwise: () => addEach(this, rows),
    });
  }

  result(): Record<string, unknown> {
    const { kind } = this.#spec;
    const value =
      kind === 'sum'
        ? this.#sum
        : this.#count === 0
          ? null
          : { min: this.#min, max: this.#max, avg: this.#sum / this.#count }[kind];
    // Numbers among the times may be too large to be one.
    const shown = value !== null && this.#times && kind !== 'sum' && Number.isSafeInteger(Math.floor(value) * 1000);
    return shown ? { value, value_as_string: millisText(value * 1000) } : { value };
  }

  #take(number: number): void {
    this.#count++;
    this.#sum += number;
    if (number < this.#min) this.#min = number;
    if (number > this.#max) this.#max = number;
  }
}

/** Exact, by linear interpolation between the two nearest ranks (definition 7 of Hyndman and Fan, 1996). */
export class Percentiles implements Collector {
  readonly #spec: Of<'percentiles'>;
  readonly #numbers: number[] = [];

  constructor(spec: Of<'percentiles'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    for (const value of valuesOf(this.#spec, document)) {
      const number = measured(value);
      if (number !== null) this.#take(number);
    }
  }

  addRows(rows: Rows): void {
    eachNumber(this.#spec, rows, {
      number: (number) => this.#take(number),
      time: () => {},
      otherwise: () => addEach(this, rows),
    });
  }

  result(): Record<string, unknown> {
    const sorted = Float64Array.from(this.#numbers).sort();
    const at = (percent: number): number | null => {
      if (sorted.length === 0) return null;
      const place = (percent / 100) * (sorted.length - 1);
      const below = Math.floor(place);
      const low = sorted[below]!;
      return low + (place - below) * ((sorted[below + 1] ?? low) - low);
    };
    const name = (percent: number): string => (Number.isInteger(percent) ? percent.toFixed(1) : String(percent));
    const { percents, keyed } = this.#spec;
    return {
      values: keyed
        ? Object.fromEntries(percents.map((percent) => [name(percent), at(percent)]))
        : percents.map((key) => ({ key, value: at(key) })),
    };
  }

  #take(number: number): void {
    if (this.#numbers.push(number) > 10 * MOST_DISTINCT) throw tooMany('too many values for percentiles');
  }
}

/** The numbers of rows, in the order of the rows, so that adding them up comes to the same as one by one. */
function eachNumber(
  spec: Of<'min' | 'max' | 'avg' | 'sum' | 'percentiles'>,
  { block, places }: Rows,
  visit: { number(number: number): void; time(): void; otherwise(): void },
): void {
  if (spec.field === '@timestamp') {
    if (places.length > 0) visit.time();
    for (const place of places) visit.number(block.time(place) / 1000);
    return;
  }
  const column = block.column(spec.field, places.length);
  if (!column) {
    visit.otherwise();
    return;
  }
  const { codes, entries } = column;
  const known: (readonly number[] | undefined)[] = new Array(entries.length).fill(undefined);
  for (const place of places) {
    const code = codes[place]!;
    let numbers = known[code];
    if (!numbers) {
      const values = orMissing(spec, entries[code]!.values);
      if (values.some(isTime)) visit.time();
      numbers = values.flatMap((value) => measured(value) ?? []);
      known[code] = numbers;
    }
    for (const number of numbers) visit.number(number);
  }
}

function isTime(value: Scalar): boolean {
  return typeof value === 'string' && timeOf(value) !== null;
}

interface TopHit extends Placed {
  readonly id: string;
  readonly jobId: number;
  readonly source: Record<string, unknown>;
}

/** The first of the events themselves. */
export class TopHits implements Collector {
  readonly #spec: Of<'top_hits'>;
  readonly #best: Best<TopHit>;
  #count = 0;

  constructor(spec: Of<'top_hits'>) {
    this.#spec = spec;
    this.#best = new Best(spec.from + spec.size, spec.sort);
  }

  add(document: SearchDocument): void {
    this.#count++;
    const placed = { seq: document.seq, sort: sortValues(document, this.#spec.sort) };
    const { id, jobId } = document;
    this.#best.offer(placed, () => ({ ...placed, id, jobId, source: filterSource(document.source(), this.#spec.source) }));
  }

  addRows(rows: Rows): void {
    addEach(this, rows);
  }

  result(): Record<string, unknown> {
    const { sort, from } = this.#spec;
    const hits = this.#best.list().slice(from);
    return {
      hits: {
        total: { value: this.#count, relation: 'eq' },
        max_score: null,
        hits: hits.map(({ id, jobId, source, sort: values }) => ({
          _index: String(jobId),
          _id: id,
          _score: null,
          _source: source,
          sort: values.map((value, index) => shownSort(value, sort[index]!.field)),
        })),
      },
    };
  }
}
