import type { LabelledRow, RowFields } from '@verdict/server/local';
import type { Command } from 'commander';
import { type Io, plural } from './io.ts';
import { readLines } from './rows-file.ts';
import { printable } from './table.ts';

/** The options by which `import` and `evaluate` find things in the lines of a file. */
export interface FileOptions {
  readonly eventField: string;
  readonly labelField: string;
  readonly timeField: string;
  readonly groupField: string;
  readonly idField?: string;
}

export function withFileOptions(command: Command): Command {
  return command
    .option('--event-field <path>', 'where the alert is in a line; . = the whole line', 'event')
    .option('--label-field <path>', 'where the label is', 'label')
    .option('--time-field <path>', 'where the time of the alert is: seconds since 1970 or ISO 8601', 'time')
    .option('--group-field <path>', 'what alerts of one incident share; they are never split when models are checked', 'group')
    .option('--id-field <path>', 'where the id of the alert is; made from the line when left out');
}

/** What was not used, or not as it came, and why. */
export class Complaints {
  readonly #found = new Map<string, { count: number; lines: number[] }>();

  add(sentence: string, line: number): void {
    const known = this.#found.get(sentence) ?? { count: 0, lines: [] };
    known.count++;
    if (known.lines.length < 3) known.lines.push(line);
    this.#found.set(sentence, known);
  }

  get count(): number {
    let sum = 0;
    for (const { count } of this.#found.values()) sum += count;
    return sum;
  }

  /** The most frequent first, each with the first lines it is about. */
  lines(most = 10): string[] {
    const sorted = [...this.#found].sort((a, b) => b[1].count - a[1].count);
    const shown = sorted
      .slice(0, most)
      .map(
        ([sentence, { count, lines }]) =>
          `${plural(count, 'time')}: ${printable(sentence)} (line ${lines.join(', ')}${count > lines.length ? ', …' : ''})`,
      );
    return sorted.length > most ? [...shown, `and ${plural(sorted.length - most, 'other reason')}.`] : shown;
  }

  json(): { reason: string; count: number; lines: number[] }[] {
    return [...this.#found].map(([reason, { count, lines }]) => ({ reason, count, lines }));
  }
}

/** A row of a file that can be used. */
export interface FileRow extends LabelledRow {
  readonly line: number;
  /** Share of the file read, 0 to 1. */
  readonly share: number;
}

/**
 * Reads the closed alerts of a file. Two alerts under one id become two alerts; a line that is there twice counts once.
 * @param limit largest alert in bytes.
 * @throws CliError when the file cannot be read.
 */
export async function* readRows(
  io: Io,
  file: string,
  options: FileOptions,
  limit: number,
  refused: Complaints,
  notes: Complaints,
): AsyncGenerator<FileRow> {
  const { readLabelledRow, secondId } = await import('@verdict/server/local');
  const fields: RowFields = {
    event: options.eventField,
    label: options.labelField,
    time: options.timeField,
    group: options.groupField,
    id: options.idField ?? null,
  };
  const seen = options.idField === undefined ? null : new Set<string>();
  for await (const { bytes, number, share } of readLines(file)) {
    if (io.signal.aborted) return;
    const row = readLabelledRow(bytes, number, fields, limit);
    if ('problem' in row) {
      refused.add(row.problem, number);
      continue;
    }
    for (const sentence of row.notes) notes.add(sentence, number);
    let { eventId } = row;
    if (seen?.has(eventId)) {
      eventId = secondId(eventId, bytes);
      notes.add(
        seen.has(eventId)
          ? 'The same line is there more than once, and counts once.'
          : 'Another alert has the same id, so this one got an id of its own.',
        number,
      );
    }
    seen?.add(eventId);
    yield { ...row, eventId, line: number, share };
  }
}
