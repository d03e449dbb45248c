import { ContextError, type Json, textOf } from './json.ts';
import { closingOf } from './path.ts';
import { readPath } from './read.ts';

/**
 * Fills in each `${…}` of a text with what the expression finds. Where the whole text is one `${…}` the value keeps its type (null where
 * nothing is found); inside other text a list stands with commas, an object as JSON, and nothing where nothing is found.
 * @param root the context with what else can be named (`incident`, `inputs`).
 * @throws ContextError where an expression is not understood or a bracket is not closed.
 */
export function fillTemplate(root: Json, text: string): Json {
  const pieces = piecesOf(text);
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined && first.expression) return readPath(root, first.text) ?? null;
  return pieces.map((piece) => (piece.expression ? textOf(readPath(root, piece.text)) : piece.text)).join('');
}

/**
 * The expressions of a text, without their `${` and `}`.
 * @throws ContextError where a bracket is not closed.
 */
export function expressionsOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) => (piece.expression ? [piece.text] : []));
}

interface Piece {
  readonly text: string;
  readonly expression: boolean;
}

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    if (start !== at) pieces.push({ text: text.slice(at, start === -1 ? undefined : start), expression: false });
    if (start === -1) break;
    const close = closing(text, start + 1);
    pieces.push({ text: text.slice(start + 2, close), expression: true });
    at = close + 1;
  }
  return pieces;
}

function closing(text: string, from: number): number {
  try {
    return closingOf(text, from);
  } catch (error) {
    if (!(error instanceof ContextError)) throw error;
    throw new ContextError(`"${text.length > 80 ? `${text.slice(0, 79)}…` : text}" has a \${ that is not closed.`);
  }
}
