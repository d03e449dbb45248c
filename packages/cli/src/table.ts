/** A column of a table: its heading, and `right` for numbers. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are cut. */
  readonly most?: number;
}

/** Lays out rows under headings, two blanks between columns. What comes from outside cannot move the cursor or colour the terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => columns.map((column, index) => cut(printable(row[index] ?? ''), column.most ?? 80)));
  const widths = columns.map(({ heading }, index) => Math.max(width(heading), ...cells.map((row) => width(row[index]!))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const space = ' '.repeat(Math.max(0, widths[index]! - width(cell)));
        return columns[index]!.align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [columns.map(({ heading }) => heading), ...cells].map(line).join('\n');
}

/** Text from outside without control characters. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/\p{C}/gu, '·');
}

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

function width(text: string): number {
  return [...text].length;
}
