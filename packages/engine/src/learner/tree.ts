import type { ByteReader, ByteWriter } from '../bytes.ts';

/**
 * Decision trees over bins, stored in flat arrays. Node n goes left where `bins[column[n]] <= split[n]`; a leaf has `left` 0 and its values at
 * `leaf[n]`. Several trees lie one after another, each from its `roots` entry.
 */
export class Forest {
  readonly width: number;
  readonly roots: number[] = [];
  readonly columns: number[] = [];
  readonly splits: number[] = [];
  /** Left child as an absolute node number, the right one follows it; 0 for a leaf. */
  readonly lefts: number[] = [];
  /** Number of the leaf's values; 0 for inner nodes. */
  readonly leaves: number[] = [];
  readonly values: number[] = [];
  #packed: Packed | undefined;

  /** @param width numbers in each leaf. */
  constructor(width: number) {
    this.width = width;
  }

  /** Adds a node without content and returns its number. */
  addNode(): number {
    this.columns.push(0);
    this.splits.push(0);
    this.lefts.push(0);
    this.leaves.push(0);
    return this.columns.length - 1;
  }

  /** Makes `node` a leaf with the numbers `values`, each rounded to single precision. */
  setLeaf(node: number, values: ArrayLike<number>): void {
    this.leaves[node] = this.values.length / this.width;
    for (let i = 0; i < this.width; i++) this.values.push(Math.fround(values[i]!));
  }

  /** Makes `node` an inner node and returns its left child; the right one is the next number. */
  setSplit(node: number, column: number, split: number): number {
    this.columns[node] = column;
    this.splits[node] = split;
    const left = this.addNode();
    this.addNode();
    this.lefts[node] = left;
    return left;
  }

  /** Adds the leaf values of trees `from` up to but without `to` to `out[offset …]`. */
  addTo(bins: Uint8Array, binOffset: number, from: number, to: number, out: Float64Array, offset: number): void {
    const { columns, splits, lefts, leaves, values } = this.#pack();
    const width = this.width;
    for (let t = from; t < to; t++) {
      let node = this.roots[t]!;
      let left = lefts[node]!;
      while (left !== 0) {
        node = bins[binOffset + columns[node]!]! <= splits[node]! ? left : left + 1;
        left = lefts[node]!;
      }
      const at = leaves[node]! * width;
      for (let i = 0; i < width; i++) out[offset + i] = out[offset + i]! + values[at + i]!;
    }
  }

  write(writer: ByteWriter): void {
    const { columns, splits, lefts, leaves, values } = this.#pack();
    writer.varint(this.width);
    writer.varints(this.roots);
    writer.varints(columns);
    writer.u8s(splits);
    writer.varints(lefts.map((left, n) => (left === 0 ? 0 : left - n)));
    writer.varints(leaves);
    writer.f32s(values);
  }

  /**
   * A forest to predict with; no nodes can be added to it.
   * @throws RangeError when the nodes do not make trees over `columns` columns with `width` numbers in a leaf.
   */
  static read(reader: ByteReader, columns: number, width: number): Forest {
    const forest = new Forest(reader.varint());
    forest.roots.push(...reader.varints());
    const columnOf = reader.varints();
    const packed: Packed = {
      columns: Uint16Array.from(columnOf),
      splits: reader.u8s(),
      lefts: reader.varints(),
      leaves: reader.varints(),
      values: reader.f32s(),
    };
    const { splits, lefts, leaves, values } = packed;
    const nodes = columnOf.length;
    let sound =
      forest.width === width &&
      [splits, lefts, leaves].every((list) => list.length === nodes) &&
      forest.roots.every((root) => root < nodes);
    for (let n = 0; n < nodes && sound; n++) {
      const step = lefts[n]!;
      if (step !== 0) lefts[n] = n + step;
      sound = (step === 0 || (columnOf[n]! < columns && n + step + 1 < nodes)) && (leaves[n]! + 1) * width <= values.length;
    }
    if (!sound) throw new RangeError('the trees of the model do not hold together');
    forest.#packed = packed;
    return forest;
  }

  /** Typed copies, made anew when nodes have been added. */
  #pack(): Packed {
    if (!this.#packed || this.columns.length > this.#packed.columns.length) {
      this.#packed = {
        columns: Uint16Array.from(this.columns),
        splits: Uint8Array.from(this.splits),
        lefts: Uint32Array.from(this.lefts),
        leaves: Uint32Array.from(this.leaves),
        values: Float32Array.from(this.values),
      };
    }
    return this.#packed;
  }
}

/** The nodes and leaves as they are read while predicting. */
interface Packed {
  readonly columns: Uint16Array;
  readonly splits: Uint8Array;
  readonly lefts: Uint32Array;
  readonly leaves: Uint32Array;
  readonly values: Float32Array;
}
