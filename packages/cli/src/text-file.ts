import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { CliError } from './io.ts';
import { printable } from './table.ts';

const LARGEST = 16 * 1024 * 1024;

/**
 * The text of a file that a person named, in UTF-8, or in UTF-16 where its first bytes say so, as Windows PowerShell writes it; without that mark.
 * @throws CliError where it is not there, no file, or larger than 16 MiB.
 */
export function readTextFile(path: string): string {
  if (!existsSync(path)) throw new CliError(`There is no file ${path}.`);
  const stat = statSync(path);
  if (!stat.isFile()) throw new CliError(`${path} is not a file.`);
  if (stat.size > LARGEST) throw new CliError(`${path} is larger than 16 MiB.`);
  return decodeText(readFileSync(path));
}

/** The text in these bytes, as {@link readTextFile} reads it. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
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

/**
 * Writes a file that a person named, over what was there.
 * @throws CliError where it cannot be written.
 */
export function writeTextFile(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CliError(`${path} cannot be written: ${reasonOf(error)}.`);
  }
}

/** Why a file or folder cannot be written, for people; the words of the system where it is none of the usual. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? printable(message ?? String(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full',
};
