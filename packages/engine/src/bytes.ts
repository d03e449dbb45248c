import { finish, mix } from './math.ts';

/**
 * Writes numbers, strings and arrays one after another, little-endian whatever the machine, into a buffer that grows.
 * What is written is read back in the same order by {@link ByteReader}.
 */
export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A whole number ≥ 0 and < 2^32 in 1 to 5 bytes, 7 bits in each. */
  varint(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Kept as UTF-16 units, so that lone surrogates survive; one byte a unit where all are below 256. */
  string(value: string): void {
    let wide = 0;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 255) wide = 1;
    this.varint(value.length * 2 + wide);
    this.#reserve(value.length * (wide + 1));
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      this.#bytes[this.#length++] = unit & 255;
      if (wide) this.#bytes[this.#length++] = unit >>> 8;
    }
  }

  strings(values: readonly string[]): void {
    this.varint(values.length);
    for (const value of values) this.string(value);
  }

  /** Each rounded to the nearest single-precision number. */
  f32s(values: ArrayLike<number>): void {
    this.varint(values.length);
    this.#reserve(values.length * 4);
    for (let i = 0; i < values.length; i++, this.#length += 4) this.#view.setFloat32(this.#length, values[i]!, true);
  }

  f64s(values: ArrayLike<number>): void {
    this.varint(values.length);
    for (let i = 0; i < values.length; i++) this.f64(values[i]!);
  }

  u32s(values: ArrayLike<number>): void {
    this.varint(values.length);
    this.#reserve(values.length * 4);
    for (let i = 0; i < values.length; i++, this.#length += 4) this.#view.setUint32(this.#length, values[i]!, true);
  }

  u8s(values: ArrayLike<number>): void {
    this.varint(values.length);
    this.#reserve(values.length);
    for (let i = 0; i < values.length; i++) this.#bytes[this.#length++] = values[i]!;
  }

  /** Whole numbers ≥ 0, small ones in one byte. */
  varints(values: ArrayLike<number>): void {
    this.varint(values.length);
    for (let i = 0; i < values.length; i++) this.varint(values[i]!);
  }

  /** A copy of what has been written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

const VARINTS_PER_STEP = 200_000;
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Reads what {@link ByteWriter} wrote. Every call throws a RangeError past the end, before it allocates. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, from = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new RangeError('a number in the bytes is too long');
  }

  string(): string {
    const header = this.varint();
    const length = header >>> 1;
    const wide = header & 1;
    const start = this.#take(length * (wide + 1));
    let text = '';
    const units: number[] = [];
    for (let i = 0; i < length; i++) {
      units.push(wide ? this.#bytes[start + 2 * i]! | (this.#bytes[start + 2 * i + 1]! << 8) : this.#bytes[start + i]!);
      if (units.length === 4096 || i === length - 1) {
        text += String.fromCharCode(...units);
        units.length = 0;
      }
    }
    return text;
  }

  strings(): string[] {
    const count = this.#count(1);
    const values: string[] = [];
    for (let i = 0; i < count; i++) values.push(this.string());
    return values;
  }

  f32s(): Float32Array {
    return new Float32Array(this.#words(4));
  }

  f64s(): Float64Array {
    return new Float64Array(this.#words(8));
  }

  u32s(): Uint32Array {
    return new Uint32Array(this.#words(4));
  }

  u8s(): Uint8Array {
    const count = this.#count(1);
    const start = this.#take(count);
    return this.#bytes.slice(start, start + count);
  }

  varints(): Uint32Array {
    return finished(this.varintsInSteps());
  }

  /** `varints` in steps of a few milliseconds. */
  *varintsInSteps(): Steps<Uint32Array> {
    const values = new Uint32Array(this.#count(1));
    for (let from = 0; from < values.length; from += VARINTS_PER_STEP) {
      if (from > 0) yield;
      this.#fillVarints(values, from, Math.min(values.length, from + VARINTS_PER_STEP));
    }
    return values;
  }

  /** Whether everything has been read. */
  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #fillVarints(values: Uint32Array, from: number, to: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = from; i < to; i++) {
      // Nearly all are below 128.
      const byte = bytes[at];
      if (byte !== undefined && byte < 128) {
        values[i] = byte;
        at++;
      } else {
        this.#at = at;
        values[i] = this.varint();
        at = this.#at;
      }
    }
    this.#at = at;
  }

  /** A copy of the bytes of an array in the order of this machine, for a view of `size` bytes an element: copied at once they cost next to nothing. */
  #words(size: number): ArrayBuffer {
    const length = this.#count(size) * size;
    const start = this.#take(length);
    const words = this.#bytes.slice(start, start + length);
    if (!LITTLE_ENDIAN) for (let at = 0; at < length; at += size) words.subarray(at, at + size).reverse();
    return words.buffer;
  }

  #count(size: number): number {
    const count = this.varint();
    if (count * size > this.#bytes.length - this.#at) throw new RangeError('the bytes end too early');
    return count;
  }

  #take(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length) throw new RangeError('the bytes end too early');
    this.#at = start + count;
    return start;
  }
}

/** Two 32-bit check numbers over `bytes[from …]`: finds damage, not forgery. */
export function checksum(bytes: Uint8Array, from: number): readonly [number, number] {
  return finished(checksumInSteps(bytes, from));
}

/** `checksum` in steps of a few milliseconds, for callers with other things to do. */
export function* checksumInSteps(bytes: Uint8Array, from: number): Steps<readonly [number, number]> {
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  let i = from;
  for (; i + 4 <= bytes.length; i += 4) {
    if ((i - from) % CHECKSUM_STEP === CHECKSUM_STEP - 4) yield;
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    a = mix(a, word);
    b = (Math.imul(b ^ word, 0x01000193) + (b >>> 7)) >>> 0;
  }
  for (; i < bytes.length; i++) {
    a = mix(a, bytes[i]!);
    b = Math.imul(b ^ bytes[i]!, 0x01000193) >>> 0;
  }
  return [finish(a ^ bytes.length), finish(b ^ bytes.length)];
}

/** Work that stops now and then, so that a caller can do something else before it goes on; the result comes at the end. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does all steps at once. */
export function finished<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Bytes in one step of a checksum. */
const CHECKSUM_STEP = 1 << 20;
