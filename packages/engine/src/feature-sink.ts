import { finish, log } from './math.ts';

/** Features of one row as they are made: hash, block, weight, and the id once it is looked up. */
export class RawSink {
  hashes = new Uint32Array(1024);
  blocks = new Uint32Array(1024);
  weights = new Float32Array(1024);
  ids = new Int32Array(1024);
  length = 0;
  #slots = new HashIndex(1 << 8);

  clear(): void {
    this.length = 0;
  }

  add(hash: number, block: number, weight: number): void {
    if (this.length === this.hashes.length) this.#grow();
    this.hashes[this.length] = hash;
    this.blocks[this.length] = block;
    this.weights[this.length++] = weight;
  }

  /** Adds up repeats among the entries of `block`, which are the last ones. */
  mergeFrom(block: number): void {
    let first = this.length;
    while (first > 0 && this.blocks[first - 1] === block) first--;
    if (this.length - first < 2) return;
    this.#slots.clear();
    let length = first;
    for (let i = first; i < this.length; i++) {
      const hash = this.hashes[i]!;
      const known = this.#slots.get(hash);
      if (known >= 0) this.weights[known] = this.weights[known]! + this.weights[i]!;
      else {
        this.#slots.set(hash, length);
        this.hashes[length] = hash;
        this.blocks[length] = block;
        this.weights[length++] = this.weights[i]!;
      }
    }
    this.length = length;
  }

  /** Turns counts into 1 + log(count) for the entries of `block`, which are the last ones. */
  dampenFrom(block: number): void {
    for (let i = this.length - 1; i >= 0 && this.blocks[i] === block; i--) {
      if (this.weights[i]! > 1) this.weights[i] = 1 + log(this.weights[i]!);
    }
  }

  resolve(index: HashIndex): void {
    for (let i = 0; i < this.length; i++) this.ids[i] = index.get(this.hashes[i]!);
  }

  #grow(): void {
    const size = this.hashes.length * 2;
    const hashes = new Uint32Array(size);
    const blocks = new Uint32Array(size);
    const weights = new Float32Array(size);
    hashes.set(this.hashes);
    blocks.set(this.blocks);
    weights.set(this.weights);
    this.hashes = hashes;
    this.blocks = blocks;
    this.weights = weights;
    this.ids = new Int32Array(size);
  }
}

/** A growing list of whole numbers. */
export class Growing {
  #items = new Int32Array(1 << 12);
  length = 0;

  push(value: number): void {
    if (this.length === this.#items.length) {
      const items = new Int32Array(this.length * 2);
      items.set(this.#items);
      this.#items = items;
    }
    this.#items[this.length++] = value;
  }

  finish(): Int32Array {
    return this.#items.slice(0, this.length);
  }
}

/** From a 32-bit hash to a number ≥ 0: open addressing with linear steps, at most half full. */
export class HashIndex {
  #keys: Uint32Array;
  #values: Int32Array;
  #used: number[] = [];

  constructor(slots: number) {
    this.#keys = new Uint32Array(slots);
    this.#values = new Int32Array(slots).fill(-1);
  }

  static of(hashes: Uint32Array): HashIndex {
    let slots = 16;
    while (slots < hashes.length * 2) slots *= 2;
    const index = new HashIndex(slots);
    for (let i = 0; i < hashes.length; i++) index.set(hashes[i]!, i);
    return index;
  }

  /** The number of a hash, −1 if it has none. */
  get(hash: number): number {
    const mask = this.#keys.length - 1;
    for (let slot = finish(hash) & mask; ; slot = (slot + 1) & mask) {
      const value = this.#values[slot]!;
      if (value < 0 || this.#keys[slot] === hash) return value;
    }
  }

  set(hash: number, value: number): void {
    if ((this.#used.length + 1) * 2 > this.#keys.length) this.#enlarge();
    this.#place(hash, value);
  }

  clear(): void {
    for (const slot of this.#used) this.#values[slot] = -1;
    this.#used = [];
  }

  #place(hash: number, value: number): void {
    const mask = this.#keys.length - 1;
    let slot = finish(hash) & mask;
    while (this.#values[slot]! >= 0 && this.#keys[slot] !== hash) slot = (slot + 1) & mask;
    if (this.#values[slot]! < 0) this.#used.push(slot);
    this.#keys[slot] = hash;
    this.#values[slot] = value;
  }

  #enlarge(): void {
    const keys = this.#keys;
    const values = this.#values;
    const used = this.#used;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#values = new Int32Array(keys.length * 2).fill(-1);
    this.#used = [];
    for (const slot of used) this.#place(keys[slot]!, values[slot]!);
  }
}
