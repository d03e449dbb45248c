import type { ByteReader, ByteWriter, Steps } from './bytes.ts';
import type { PointValue, PointValues, Scalar } from './types.ts';

/** Longest text kept of a value; it is for people to read beside another, not to decide by. */
const LONGEST = 200;
const MOST_ELEMENTS = 32;
/** Rows that are read in one step. */
const ROWS_PER_STEP = 2_000;

/** What a model keeps of a value to show it later: long texts end in `…`, large sets lose their tail. */
export function shorten(value: PointValue): PointValue {
  if (typeof value === 'string') return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
  if (typeof value !== 'object' || value === null) return value ?? null;
  const held = value.slice(0, MOST_ELEMENTS).map((element) => shorten(element) as Scalar);
  return value.length > MOST_ELEMENTS ? [...held, '…'] : held;
}

/** Whether two shortened values are the same. */
export function sameValue(a: PointValue, b: PointValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return a.length === b.length && a.every((element, i) => element === b[i]);
}

/** Writes shortened values of rows, each distinct string once. */
export function writeValues(writer: ByteWriter, rows: readonly PointValues[]): void {
  const numbers = new Map<string, number>();
  const note = (element: Scalar) => {
    if (typeof element === 'string' && !numbers.has(element)) numbers.set(element, numbers.size);
  };
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === 'object' && value !== null) value.forEach(note);
      else if (value !== null) note(value);
    }
  }
  writer.strings([...numbers.keys()]);
  writer.varint(rows.length);
  writer.varint(rows[0]?.length ?? 0);
  const scalar = (element: Scalar) => {
    if (typeof element === 'string') {
      writer.u8(1);
      writer.varint(numbers.get(element)!);
    } else if (typeof element === 'number') {
      writer.u8(2);
      writer.f64(element);
    } else writer.u8(element ? 3 : 4);
  };
  for (const row of rows) {
    for (const value of row) {
      if (value === null) writer.u8(0);
      else if (typeof value === 'object') {
        writer.u8(5);
        writer.varint(value.length);
        value.forEach(scalar);
      } else scalar(value);
    }
  }
}

/** Reads what {@link writeValues} wrote, in steps. */
export function* readValuesInSteps(reader: ByteReader): Steps<PointValue[][]> {
  const strings = reader.strings();
  yield;
  const count = reader.varint();
  const width = reader.varint();
  const scalar = (tag: number): Scalar => {
    if (tag === 1) {
      const text = strings[reader.varint()];
      if (text === undefined) throw new RangeError('a stored value has no text');
      return text;
    }
    if (tag === 2) return reader.f64();
    if (tag === 3 || tag === 4) return tag === 3;
    throw new RangeError('a stored value has no known kind');
  };
  const rows: PointValue[][] = [];
  for (let r = 0; r < count; r++) {
    if (r % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
    const row: PointValue[] = [];
    for (let p = 0; p < width; p++) {
      const tag = reader.u8();
      if (tag === 0) row.push(null);
      else if (tag === 5) {
        const elements: Scalar[] = [];
        const length = reader.varint();
        for (let i = 0; i < length; i++) elements.push(scalar(reader.u8()));
        row.push(elements);
      } else row.push(scalar(tag));
    }
    rows.push(row);
  }
  return rows;
}
