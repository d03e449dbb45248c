import type { Unindexed } from './index-store.ts';
import { EVERY } from './plan.ts';
import type { TermHash } from './term-hash.ts';
import { eachLeaf, equalityKey, storedWords } from './value.ts';

/** Most terms kept of one event; one with more is looked at each time. */
const MOST_TERMS = 5_000;

/**
 * The terms of an event as the index keeps them: what every event has, its values by path, the words of the alert, its id and title.
 * @param alert the parsed alert. @returns null when they are too many to keep.
 */
export function termsOf(event: Pick<Unindexed, 'event_id' | 'title'>, alert: unknown, hash: TermHash): string | null {
  const terms = new Set<string>([EVERY]);
  const words = new Set<string>();
  eachLeaf(alert, (path, value) => {
    if (terms.size + words.size > MOST_TERMS) return;
    terms.add(hash.value(path, equalityKey(value)));
    storedWords(value, words);
  });
  storedWords(event.event_id, words);
  if (event.title !== null) storedWords(event.title, words);
  if (terms.size + words.size > MOST_TERMS) return null;
  for (const word of words) terms.add(hash.word(word));
  return [...terms].join(' ');
}
