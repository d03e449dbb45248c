/** One line of a report: what was measured, and what was aimed at. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Judged at full size only. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
  readonly note?: string;
}

/** Prints the figures as a table, then all of them as one line of JSON. */
export function report(bench: string, size: number, figures: readonly Figure[]): void {
  const rows = figures.map((figure) => [figure.name, shown(figure), aim(figure), verdict(figure, size), figure.note ?? '']);
  const head = ['', 'measured', 'target', '', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [head, ...rows]) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  const values = Object.fromEntries(figures.map(({ name, value, unit }) => [`${name} (${unit})`, value]));
  process.stdout.write(`${JSON.stringify({ bench, size, ...values })}\n`);
}

/** Ends the bench with a sentence when something that must hold does not. */
export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

/** The value below which a share of the numbers lies; NaN for none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function shown({ value, unit }: Figure): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 3;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })} ${unit}`;
}

function aim({ target, unit }: Figure): string {
  if (!target) return '';
  return 'atLeast' in target
    ? `≥ ${target.atLeast.toLocaleString('en-US')} ${unit}`
    : `≤ ${target.atMost.toLocaleString('en-US')} ${unit}`;
}

function verdict({ target, value }: Figure, size: number): string {
  if (!target || size < 1) return '';
  return ('atLeast' in target ? value >= target.atLeast : value <= target.atMost) ? 'reached' : 'MISSED';
}
