import { zipSync } from 'fflate';
import type { Files } from './builder.ts';

/** The earliest day that a zip can say; fflate reads it in local time, so it is given in local time. */
const MADE = new Date(1980, 0, 1);

/** A zip with the files in the order of their paths and without a time, so that the same files give the same bytes. */
export function zipOf(files: Files): Uint8Array {
  const paths = [...files.keys()].sort((a, b) => (a < b ? -1 : 1));
  return zipSync(Object.fromEntries(paths.map((path) => [path, [files.get(path)!, { mtime: MADE, level: 9 }]])));
}
