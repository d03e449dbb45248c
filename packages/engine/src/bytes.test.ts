import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, checksum } from './bytes.ts';

describe('what is written', () => {
  it('is read back the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' })),
        fc.array(fc.nat(0xffffffff)),
        fc.array(fc.double({ noNaN: true })),
        fc.array(fc.nat(255)),
        (strings, numbers, doubles, small) => {
          const writer = new ByteWriter();
          writer.strings([...strings, '\ud800', 'é\u0000']);
          writer.varints(numbers);
          writer.u32s(numbers);
          writer.f64s(doubles);
          writer.f32s(doubles);
          writer.u8s(small);
          const reader = new ByteReader(writer.finish());
          expect(reader.strings()).toEqual([...strings, '\ud800', 'é\u0000']);
          expect([...reader.varints()]).toEqual(numbers);
          expect([...reader.u32s()]).toEqual(numbers);
          expect([...reader.f64s()]).toEqual(doubles);
          expect([...reader.f32s()]).toEqual(doubles.map(Math.fround));
          expect([...reader.u8s()]).toEqual(small);
          expect(reader.atEnd).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('may be long', () => {
    const writer = new ByteWriter();
    const text = 'x'.repeat(200_000);
    writer.string(text);
    expect(new ByteReader(writer.finish()).string()).toBe(text);
  });
});

describe('bytes that end too early', () => {
  it('are refused before anything is allocated', () => {
    const writer = new ByteWriter();
    writer.varint(0xffffffff);
    const bytes = writer.finish();
    expect(() => new ByteReader(bytes).f64s()).toThrow('the bytes end too early');
    expect(() => new ByteReader(bytes).string()).toThrow('the bytes end too early');
    expect(() => new ByteReader(new Uint8Array(3)).u32()).toThrow('the bytes end too early');
    expect(() => new ByteReader(new Uint8Array(6).fill(255)).varint()).toThrow('a number in the bytes is too long');
  });
});

describe('checksum', () => {
  it('changes with every bit, also in the tail', () => {
    const bytes = Uint8Array.from({ length: 23 }, (_, i) => i * 7);
    const before = checksum(bytes, 4);
    for (let at = 4; at < 23; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      expect(checksum(changed, 4)).not.toEqual(before);
    }
  });
});
