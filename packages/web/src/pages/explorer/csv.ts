/**
 * One cell of a CSV file (RFC 4180). What spreadsheets would take for a formula gets an apostrophe in front: alerts are written by attackers,
 * and the file is opened by an analyst.
 */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
