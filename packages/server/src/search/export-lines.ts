import type { ArcannaBlock } from '@verdict/contract';
import type { SearchDocument } from './query.ts';

/** An event as one line of JSON: the alert keeps its own spelling of numbers, and stands apart from what we say of it. */
export function jsonLine(document: SearchDocument, arcanna: ArcannaBlock, body: string): string {
  const head = JSON.stringify({ event_id: document.id, '@timestamp': document.values('@timestamp')[0] ?? null, arcanna });
  // A line end can stand only between the parts of JSON, where a blank does as well.
  return `${head.slice(0, -1)},"raw_event":${body.replace(/[\r\n]+/g, ' ')}}\n`;
}

/** The first line of a table. `@timestamp` is `timestamp` there: a cell that begins with @ would be taken for a formula. */
export function csvHead(columns: readonly string[]): string {
  return `${columns.map((column) => csvCell(column === '@timestamp' ? 'timestamp' : column)).join(',')}\r\n`;
}

/** An event as a line of a table; a field with several values has them behind each other. */
export function csvLine(document: SearchDocument, columns: readonly string[]): string {
  const cells = columns.map((column) => (column === 'id' ? document.id : document.values(column).map(String).join('; ')));
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * One cell of a CSV file (RFC 4180). What spreadsheets would take for a formula gets an apostrophe in front: alerts are written by
 * attackers, and the file is opened by an analyst (OWASP, "CSV injection").
 */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
