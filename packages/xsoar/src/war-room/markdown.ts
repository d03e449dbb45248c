/** How text from outside is shown on a terminal. */
export interface Look {
  /** Columns of the terminal. */
  readonly width: number;
  /** Whether headings may be bold. */
  readonly colour: boolean;
}

/** A table with this many rows or fewer is shown member by member where it is too wide. */
const FEW_ROWS = 6;
const NARROWEST = 8;
const GAP = '  ';

/**
 * Lays out the Markdown that commands give to people: headings, tables, lists and text. Nothing of it can move the cursor or colour the
 * terminal: what is invisible is shown as a sign.
 */
export function renderMarkdown(markdown: string, look: Look): string {
  const lines = markdown.replaceAll('\r\n', '\n').split('\n');
  const out: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (isRow(line) && isRule(lines[at + 1])) {
      const rows = [cellsOf(line)];
      for (at += 2; at < lines.length && isRow(lines[at]!); at += 1) rows.push(cellsOf(lines[at]!));
      at -= 1;
      out.push(renderTable(rows, look));
      continue;
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    out.push(heading === undefined ? inline(line.replaceAll('<br>', '\n'), look) : bold(inline(heading, PLAIN), look));
  }
  return out.join('\n').trimEnd();
}

const PLAIN: Look = { width: 0, colour: false };

/** Bold words as such, and a sign that was escaped as the sign itself. */
function inline(text: string, look: Look): string {
  return text
    .split(/(\*\*(?:[^*\\]|\\.)+\*\*)/)
    .map((piece, at) => {
      const words = at % 2 === 1 ? piece.slice(2, -2) : piece;
      const shown = visible(words.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1'));
      return at % 2 === 1 ? bold(shown, look) : shown;
    })
    .join('');
}

/** Text with what a terminal would act on, or not show, made visible; line ends stay. */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll(/[^\P{C}\n]/gu, (character) => {
    const code = character.codePointAt(0)!;
    if (character === '\t') return '    ';
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
  });
}

function renderTable(rows: readonly (readonly string[])[], look: Look): string {
  const [headings = [], ...body] = rows;
  const natural = headings.map((_, column) => Math.max(...rows.map((row) => longestLine(row[column] ?? ''))));
  const fits = sum(natural) + GAP.length * (natural.length - 1) <= look.width;
  if (!fits && body.length <= FEW_ROWS) return body.map((row) => renderRecord(headings, row, look)).join('\n\n');
  const widths = fits ? natural : shrunk(natural, look.width);
  const line = (row: readonly string[], make: (text: string) => string) => {
    const wrapped = widths.map((width, column) => wrap(row[column] ?? '', width));
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, index) =>
      make(
        wrapped
          .map((lines, column) => pad(lines[index] ?? '', widths[column]!))
          .join(GAP)
          .trimEnd(),
      ),
    ).join('\n');
  };
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP);
  return [line(headings, (text) => bold(text, look)), rule, ...body.map((row) => line(row, (text) => text))].join('\n');
}

/** One row as `name  value` lines, without what is empty. */
function renderRecord(headings: readonly string[], row: readonly string[], look: Look): string {
  const names = headings.filter((_, column) => (row[column] ?? '') !== '');
  const widest = Math.max(...names.map(width));
  const room = Math.max(NARROWEST, look.width - widest - GAP.length);
  return headings
    .flatMap((heading, column) => {
      const value = row[column] ?? '';
      if (value === '') return [];
      const [first = '', ...more] = wrap(value, room);
      return [bold(pad(heading, widest), look) + GAP + first, ...more.map((text) => ' '.repeat(widest) + GAP + text)];
    })
    .join('\n');
}

function isRow(line: string): boolean {
  return /^\s*\|.*\|\s*$/.test(line);
}

function isRule(line: string | undefined): boolean {
  return line !== undefined && isRow(line) && /^[\s|:-]+$/.test(line);
}

function cellsOf(line: string): string[] {
  const inside = line.trim().slice(1, -1);
  return inside.split(/(?<!\\)\|/).map((cell) => visible(cell.trim().replaceAll('\\|', '|').replaceAll('<br>', '\n')));
}

/** Takes from the widest column until all of them fit. */
function shrunk(natural: readonly number[], total: number): number[] {
  const widths = [...natural];
  const room = total - GAP.length * (widths.length - 1);
  while (sum(widths) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= NARROWEST) break;
    widths[widest]! -= 1;
  }
  return widths;
}

/** Lines of at most `most` columns, broken at blanks where there are some. */
function wrap(text: string, most: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let rest = [...line];
    while (width(rest.join('')) > most) {
      let end = 0;
      for (let used = 0; end < rest.length && used + width(rest[end]!) <= most; end += 1) used += width(rest[end]!);
      const blank = rest.lastIndexOf(' ', end);
      const cut = blank > most / 2 ? blank : Math.max(end, 1);
      lines.push(rest.slice(0, cut).join('').trimEnd());
      rest = rest.slice(rest[cut] === ' ' ? cut + 1 : cut);
    }
    return [...lines, rest.join('')];
  });
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map(width));
}

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const NARROW = /^[\x20-\x7e]*$/;

/** Columns that a text takes. */
function width(text: string): number {
  if (NARROW.test(text)) return text.length;
  return [...text].reduce((total, character) => total + (/\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1), 0);
}

function bold(text: string, { colour }: Look): string {
  return colour ? `\u001b[1m${text}\u001b[22m` : text;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
