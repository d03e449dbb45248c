/** A piece of a text: as it is, or the number of a character that would not be seen. */
export interface Piece {
  readonly text: string;
  readonly hidden: boolean;
}

/** Control characters but tab and line end, direction marks, what has no width, tags, line and paragraph separators, lone surrogates. */
const HIDDEN = /(?![\t\n])\p{Cc}|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Surrogate}]/gu;

/** Cuts a text so that each hidden character is a piece of its own, written as `U+202E`. An empty text has no pieces. */
export function splitHidden(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), hidden: false });
    pieces.push({ text: `U+${match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`, hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hidden: false });
  return pieces;
}

/** The same as one text. */
export function showHidden(text: string): string {
  return splitHidden(text)
    .map((piece) => (piece.hidden ? `<${piece.text}>` : piece.text))
    .join('');
}
