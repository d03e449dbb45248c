import { describe, expect, it } from 'vitest';
import { characterRuns, ipTokens, textShape, window, words } from './tokens.ts';

describe('words', () => {
  it('splits at signs and at capitals', () => {
    expect(words('ET SCAN: CreateRemoteThread (CVE-2024-3094) über')).toEqual([
      ...['et', 'scan', 'create', 'remote', 'thread', 'cve', '2024', '3094', 'über'],
    ]);
  });

  it('makes long numbers alike and stops at 64', () => {
    expect(words('id 1234567 7654321')).toEqual(['id', '0000000', '0000000']);
    expect(words('a '.repeat(500))).toHaveLength(64);
    expect(words('')).toEqual([]);
  });
});

describe('character runs', () => {
  it('gives runs of 2 to 4 units, and single signs', () => {
    const runs: number[] = [];
    characterRuns("a'", (hash) => runs.push(hash));
    // Marked ends: ␂ a ' ␃ → 3 + 2 + 1 runs, and the sign alone.
    expect(runs).toHaveLength(7);
    expect(new Set(runs).size).toBe(7);
  });

  it('reads the head and the tail of a long text', () => {
    expect(window('x'.repeat(512))).toHaveLength(512);
    expect(window(`${'a'.repeat(10_000)}END`)).toBe(`${'a'.repeat(384)}\u0000${'a'.repeat(125)}END`);
  });
});

describe('the look of a text', () => {
  it('is measured', () => {
    expect(textShape("Admin'-- 12é")).toEqual({
      length: 12,
      digits: 2,
      upper: 1,
      spaces: 1,
      punctuation: 3,
      other: 1,
      distinct: 11,
      longestRun: 5,
      pattern: "a'- 0é",
    });
    expect(textShape('')).toMatchObject({ length: 0, pattern: '' });
  });
});

describe('IP addresses', () => {
  it.each([
    ['10.1.2.3', ['v4', 'private', '10.', '10.1.', '10.1.2.']],
    ['172.31.0.1', ['v4', 'private', '172.', '172.31.', '172.31.0.']],
    ['172.32.0.1', ['v4', 'public', '172.', '172.32.', '172.32.0.']],
    ['192.168.0.1', ['v4', 'private', '192.', '192.168.', '192.168.0.']],
    ['127.0.0.1', ['v4', 'loopback', '127.', '127.0.', '127.0.0.']],
    ['169.254.1.1', ['v4', 'link-local', '169.', '169.254.', '169.254.1.']],
    ['100.64.0.1', ['v4', 'shared', '100.', '100.64.', '100.64.0.']],
    ['224.0.0.1', ['v4', 'multicast', '224.', '224.0.', '224.0.0.']],
    ['255.255.255.255', ['v4', 'reserved', '255.', '255.255.', '255.255.255.']],
    ['0.0.0.0', ['v4', 'reserved', '0.', '0.0.', '0.0.0.']],
    ['2001:db8::1', ['v6', 'public', '2001:db8::', '2001:db8:0::', '2001:db8:0:0::']],
    ['::1', ['v6', 'loopback', '0:0::', '0:0:0::', '0:0:0:0::']],
    ['::', ['v6', 'reserved', '0:0::', '0:0:0::', '0:0:0:0::']],
    ['fe80::1%eth0', ['v6', 'link-local', 'fe80:0::', 'fe80:0:0::', 'fe80:0:0:0::']],
    ['fd00::1', ['v6', 'private', 'fd00:0::', 'fd00:0:0::', 'fd00:0:0:0::']],
    ['ff02::1', ['v6', 'multicast', 'ff02:0::', 'ff02:0:0::', 'ff02:0:0:0::']],
    ['::ffff:10.0.0.1', ['v6', 'public', '0:0::', '0:0:0::', '0:0:0:0::']],
    ['1:2:3:4:5:6:7:8', ['v6', 'public', '1:2::', '1:2:3::', '1:2:3:4::']],
  ])('%s', (text, tokens) => {
    expect(ipTokens(text)).toEqual(tokens);
  });

  it.each(['', 'host', '10.0.0', '10.0.0.256', '1.2.3.4.5', '1::2::3', ':::', '1:2:3', '12345::1', '::ffff:300.0.0.1', 'x:y'])(
    '%s is none',
    (text) => {
      expect(ipTokens(text)).toBeNull();
    },
  );
});
