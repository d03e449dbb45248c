/** What the scripts that build something share: is it made of the sources as they are now. Plain JavaScript: it also runs on the Node that npm has. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node that came with the dependencies, or else the one that runs this. */
export function bundledNode() {
  const bundled = join(root, 'node_modules/.bin/node');
  return existsSync(bundled) ? bundled : process.execPath;
}

/**
 * A hash of all files at these places, names and contents; of a place that is not there, nothing. Tests and what was built do not count.
 * @param places files and folders, from the repository's folder.
 */
export function hashOfSources(places) {
  const hash = createHash('sha256');
  for (const file of places.flatMap((place) => filesOf(join(root, place))).sort())
    hash.update(`${relative(root, file)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/** What stands in a file that says which sources something was made of; undefined where there is none. */
export function readMark(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function filesOf(place) {
  if (!existsSync(place)) return [];
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && !name.startsWith('dist') && !/\.test\.tsx?$/.test(name))
    .flatMap((entry) => filesOf(join(place, entry.name)));
}
