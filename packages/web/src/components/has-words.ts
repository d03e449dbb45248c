/**
 * Whether each word of what somebody searches for is in one of the texts, whatever its case.
 * @param words what was typed; empty or blank fits everything.
 */
export function hasWords(texts: readonly string[], words: string): boolean {
  const small = texts.map((text) => text.toLocaleLowerCase());
  return words
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => small.some((text) => text.includes(word)));
}
