import { existsSync, readFileSync, statSync } from 'node:fs';
import { CliError } from './io.ts';
import { printable } from './table.ts';

const LARGEST = 16 * 1024 * 1024;

/**
 * The text of a file that a person named.
 * @throws CliError where it is not there, no file, or larger than 16 MiB.
 */
export function readTextFile(path: string): string {
  if (!existsSync(path)) throw new CliError(`There is no file ${path}.`);
  const stat = statSync(path);
  if (!stat.isFile()) throw new CliError(`${path} is not a file.`);
  if (stat.size > LARGEST) throw new CliError(`${path} is larger than 16 MiB.`);
  return readFileSync(path, 'utf8');
}

/** The same, as JSON. */
export function readJsonFile(path: string): unknown {
  const text = readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(`${path} is not JSON: ${printable(error instanceof Error ? error.message : String(error))}.`);
  }
}
