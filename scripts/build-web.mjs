/**
 * Builds the web app into `packages/web/dist` where it is missing or older than its sources; quick where it is not. `npm start` and
 * `npm test` run it through prepare.mjs, `npm run build -w packages/web` directly. Plain JavaScript: it also runs on the Node that npm has.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledNode, hashOfSources, readMark, root } from './built.mjs';

const web = join(root, 'packages/web');
const dist = join(web, 'dist');
/** Says which sources the built app was made of. */
const MARK = '.sources';
const SOURCES = ['packages/web', 'packages/client/src', 'packages/contract/src', 'package-lock.json'];

/**
 * Builds if need be; what is built is put in place at once, so that a service that runs meanwhile never serves half of it.
 * @returns whether there is a built app now.
 */
export function buildWeb(say) {
  if (!existsSync(web)) return false; // a copy of the service without the sources of its pages
  const sources = hashOfSources(SOURCES);
  if (readMark(join(dist, MARK)) === sources) return true;
  say('Building the web app (only after a clone or an update; takes some seconds)…');
  const fresh = `${dist}.${process.pid}`;
  const run = spawnSync(
    bundledNode(),
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = buildWeb((sentence) => process.stderr.write(`${sentence}\n`)) ? 0 : 1;
}
