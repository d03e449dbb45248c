import { expect, test } from 'vitest';
import { csvCell } from './csv.ts';

test('formulas are made harmless, the rest is quoted where needed', () => {
  expect(['=1+1', '+1', '-1', '@a', '\tx', 'a,b', 'say "x"', 'plain', ''].map(csvCell)).toEqual([
    "'=1+1",
    "'+1",
    "'-1",
    "'@a",
    "'\tx",
    '"a,b"',
    '"say ""x"""',
    'plain',
    '',
  ]);
  expect(csvCell('=HYPERLINK("http://x","y")')).toBe('"\'=HYPERLINK(""http://x"",""y"")"');
});
