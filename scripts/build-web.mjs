/**
 * Builds the web app into `packages/web/dist` where it is missing or older than its sources; quick where it is not. `npm start` and
 * `npm test` run it through prepare.mjs, `npm run build -w packages/web` directly. Plain JavaScript: it also runs on the Node that npm has.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, 'packages/web');
const dist = join(web, 'dist');
/** Says which sources the built app was made of. */
const MARK = '.sources';

/**
 * Builds if need be; what is built is put in place at once, so that a service that runs meanwhile never serves half of it.
 * @returns whether there is a built app now.
 */
export function buildWeb(say) {
  if (!existsSync(web)) return false; // a copy of the service without the sources of its pages
  const sources = hashOfSources();
  if (readMark() === sources) return true;
  say('Building the web app (only after a clone or an update; takes some seconds)…');
  const fresh = `${dist}.${process.pid}`;
  const bundled = join(root, 'node_modules/.bin/node');
  const run = spawnSync(
    existsSync(bundled) ? bundled : process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: web, stdio: ['ignore', 2, 2] },
  );
  if (run.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    say('The web app could not be built: the lines above say why. The service starts without it.');
    return existsSync(join(dist, 'index.html'));
  }
  writeFileSync(join(fresh, MARK), sources);
  const old = `${dist}.old.${process.pid}`;
  if (existsSync(dist)) renameSync(dist, old);
  try {
    renameSync(fresh, dist);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // another process was quicker and made the same
  }
  rmSync(old, { recursive: true, force: true });
  return true;
}

function readMark() {
  try {
    return readFileSync(join(dist, MARK), 'utf8');
  } catch {
    return undefined;
  }
}

function hashOfSources() {
  const hash = createHash('sha256');
  const places = ['packages/web', 'packages/client/src', 'packages/contract/src', 'package-lock.json'];
  for (const file of places.flatMap((place) => filesOf(join(root, place))).sort()) {
    hash.update(`${relative(root, file)}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesOf(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && !name.startsWith('dist') && !/\.test\.tsx?$/.test(name))
    .flatMap((entry) => filesOf(join(place, entry.name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = buildWeb((sentence) => process.stderr.write(`${sentence}\n`)) ? 0 : 1;
}
