import { expect, test } from 'vitest';
import { hasWords } from './has-words.ts';

test('each word has to be somewhere, in any case and order', () => {
  const texts = ['SOAR of the North', 'Cortex XSOAR'];
  expect(hasWords(texts, 'north cortex')).toBe(true);
  expect(hasWords(texts, ' NORTH ')).toBe(true);
  expect(hasWords(texts, 'north splunk')).toBe(false);
  expect(hasWords(['Überprüfung'], 'ÜBERPRÜF')).toBe(true);
});

test('nothing searched for fits everything, also where there is no text', () => {
  expect(hasWords(['a'], '')).toBe(true);
  expect(hasWords([''], '  ')).toBe(true);
  expect(hasWords([], 'a')).toBe(false);
});
