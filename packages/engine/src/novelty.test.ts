import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { fitFeatures, sparseRow } from './features.ts';
import { NearestIndex } from './novelty.ts';
import type { PointValue } from './types.ts';

const ROWS: PointValue[][] = Array.from({ length: 90 }, (_, r) => [`rule-${r % 30}`, `host-${r % 10}`, `user-${r}`]);

function build(rows: readonly PointValue[][]) {
  const { space, raw } = fitFeatures(['a', 'b', 'c'], [], rows);
  const buffer = sparseRow();
  const index = NearestIndex.build(space, rows.length, (r) => {
    space.rowVector(raw, r, space.frequency, buffer);
    return buffer;
  });
  const at = (values: PointValue[]) => {
    const row = sparseRow();
    space.vector(values, row);
    return row;
  };
  return { space, index, at };
}

describe('the nearest labelled rows', () => {
  const { space, index, at } = build(ROWS);

  it('are the row itself for a row that is there', () => {
    ROWS.forEach((values, r) => {
      const [first] = index.nearest(at(values), 1);
      expect(first!.row).toBe(r);
      expect(first!.similarity).toBeGreaterThan(0.99);
    });
  });

  it('are those that share what is rare, unless they are to be skipped', () => {
    const found = index.nearest(at(['rule-3', 'host-3', 'nobody']), 3);
    expect(found.map(({ row }) => row)).toEqual([3, 33, 63]);
    expect(found[0]!.similarity).toBeLessThan(0.8);
    expect(index.nearest(at(['rule-3', 'host-3', 'nobody']), 1, (row) => row !== 7)).toMatchObject([{ row: 7 }]);
  });

  it('are far for what was never seen', () => {
    const [first] = index.nearest(at(['x', 'y', 'z']), 1);
    expect(first!.similarity).toBeLessThan(0.3);
  });

  it('come back from bytes', () => {
    const writer = new ByteWriter();
    index.write(writer);
    const again = NearestIndex.read(new ByteReader(writer.finish()), space);
    for (const values of ROWS) expect(again.nearest(at(values), 3)).toEqual(index.nearest(at(values), 3));
    const broken = new ByteWriter();
    broken.varint(1);
    broken.varint(3);
    broken.varints([1]);
    broken.u8s([1]);
    expect(() => NearestIndex.read(new ByteReader(broken.finish()), space)).toThrow('the index of rows does not fit');
    const outside = new ByteWriter();
    outside.varint(1);
    outside.varint(1);
    outside.varints([1_000_000]);
    outside.u8s([1]);
    expect(() => NearestIndex.read(new ByteReader(outside.finish()), space)).toThrow('the index of rows does not fit');
  });

  it('are found among many rows by rare features first, with exact cosines', () => {
    const many: PointValue[][] = Array.from({ length: 6000 }, (_, r) => [
      ...[`rule-${r % 3}`, `host-${r % 4}`, `user-${r % 1500}`],
    ]);
    const wide = fitFeatures(
      Array.from({ length: 24 }, (_, p) => `p${String(p).padStart(2, '0')}`),
      [],
      many.map((row) => Array.from({ length: 24 }, (_, p) => (p === 0 ? row[2]! : row[p % 2]!))),
    );
    const buffer = sparseRow();
    const large = NearestIndex.build(wide.space, many.length, (r) => {
      wide.space.rowVector(wide.raw, r, wide.space.frequency, buffer);
      return buffer;
    });
    const query = sparseRow();
    wide.space.vector(
      Array.from({ length: 24 }, (_, p) => (p === 0 ? 'user-7' : ['rule-1', 'host-3'][p % 2]!)),
      query,
    );
    const [first] = large.nearest(query, 1);
    expect(first!.row % 1500).toBe(7);
    expect(first!.row % 3).toBe(1);
    expect(first!.similarity).toBeGreaterThan(0.99);
  });
});
