/**
 * Runs before `npm start`, `npm test` and `npm run verdict`, under whatever Node the machine has, so that a fresh clone works
 * by itself: installs what the lock file names and is missing, then makes sure that the Node which will run Verdict is new enough.
 *
 * Plain JavaScript without dependencies, because it runs before any is installed. It writes to stderr alone: the stdout of
 * `npm run --silent verdict -- … --json` belongs to the command.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24; // runs TypeScript from source
const STARTER = 20; // enough to run npm and this file
const WAIT_MS = 10 * 60_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, '.install.lock');

if (major(process.versions.node) < STARTER) {
  stop(
    `Verdict needs Node.js ${STARTER} or later to start, and this is ${process.versions.node}: install Node.js ${NEEDED} from https://nodejs.org and run the command again.`,
  );
}
install();
checkNode();
// The commands of the terminal need no pages.
if (process.env.npm_lifecycle_event !== 'preverdict') await buildPages();
// The service does without the content pack for XSOAR; commands and tests do not.
if (process.env.npm_lifecycle_event !== 'prestart') await buildContentPack();

/** Runs `npm ci` when something is missing; of several at once, one does it and the others wait. */
function install() {
  if (!isHeld(lockFile) && !outOfDate()) return;
  takeLock();
  process.once('exit', () => rmSync(lockFile, { force: true }));
  if (!outOfDate()) return; // whoever we waited for has done it
  say('Installing dependencies with npm ci (only after a clone or an update; takes less than a minute)…');
  const started = Date.now();
  if (!npmCi())
    stop(
      'The dependencies are not installed, because npm ci failed: put right what the lines above say and run the command again.',
    );
  say(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/**
 * True where node_modules does not hold what package-lock.json names. Compares contents, not dates: a checkout touches files.
 * Development packages do not count where only a command of the terminal is about to run.
 */
function outOfDate() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted) stop('package-lock.json is missing or not readable: clone the repository again, or restore the file with git.');
  if (!present) return true;
  return Object.entries(wanted).some(([path, want]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return false; // the workspaces themselves
    if ((want.dev || want.devOptional) && !needsDevelopmentPackages()) return false;
    const have = present[path];
    if (!have) return !want.optional; // an optional one may be for another platform
    return want.link ? have.resolved !== want.resolved : have.version !== want.version || have.integrity !== want.integrity;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined; // missing, or half written by an install that was interrupted
  }
}

function npmCi() {
  // The npm and node that started this script, not the node in node_modules: npm ci is about to delete that one.
  const { npm_execpath: npm = '', npm_node_execpath: node = '' } = process.env;
  // No package here needs an install script, and npm before 11 would have node-gyp compile one that brings its binaries along.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['ci', ...flags, ...(needsDevelopmentPackages() ? ['--include=dev'] : [])];
  const [command, commandArgs] = npm.endsWith('npm-cli.js')
    ? [existsSync(node) ? node : process.execPath, [npm, ...args]]
    : ['npm', args];
  const run = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (run.error) say(`npm could not be run: ${run.error.message}`);
  return run.status === 0;
}

function needsDevelopmentPackages() {
  // Tests run on them, and the pages are built with them.
  return process.env.npm_lifecycle_event !== 'preverdict';
}

/** Loaded only now: before, nothing of it may be installed. */
async function buildPages() {
  const { buildWeb } = await import('./build-web.mjs');
  buildWeb(say);
}

async function buildContentPack() {
  const { buildPack } = await import('./build-pack.mjs');
  buildPack(say);
}

/** npm scripts find node_modules/.bin first, so the Node that came with the dependencies, where there is one, runs Verdict. */
function checkNode() {
  const bundled = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(bundled))
    return requireVersion(process.versions.node, `none came with the dependencies for ${process.platform}-${process.arch}`);
  if (realpathSync(bundled) === realpathSync(process.execPath))
    return requireVersion(process.versions.node, 'it came with the dependencies');
  const run = spawnSync(bundled, ['--version'], { encoding: 'utf8' });
  if (run.status === 0) return requireVersion(run.stdout.trim().replace(/^v/, ''), 'it came with the dependencies');
  // It is here and does not run, as on a Linux without glibc: out of the way with it, or every npm script would trip over it.
  requireVersion(process.versions.node, 'the one that came with the dependencies does not run on this machine');
  rmSync(bundled);
}

function requireVersion(version, why) {
  if (major(version) >= NEEDED) return;
  stop(
    `Verdict runs on Node.js ${NEEDED} or later, and the one it would use is ${version} (${why}): install Node.js ${NEEDED} from https://nodejs.org and run the command again.`,
  );
}

function takeLock() {
  const mine = `${lockFile}.${process.pid}`;
  const giveUp = Date.now() + WAIT_MS;
  process.once('exit', () => rmSync(mine, { force: true }));
  for (let waiting = false; !claim(mine); ) {
    if (isHeld(lockFile)) {
      if (!waiting) say('Another process is installing the dependencies; waiting for it…');
      waiting = true;
      if (Date.now() > giveUp)
        stop(
          `Another process has been installing for ten minutes: if there is none, delete ${lockFile} and run the command again.`,
        );
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    } else {
      removeStaleLock(`${mine}.stale`);
    }
  }
}

/** Linking makes the lock with its content in one step, or fails because there is one. */
function claim(mine) {
  try {
    writeFileSync(mine, String(process.pid));
    linkSync(mine, lockFile);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    return stop(`Nothing can be installed in ${root} (${error.code}): make the folder writable and run the command again.`);
  }
}

/** True while the process whose id is in the lock lives. */
function isHeld(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM'; // alive, and somebody else's
  }
}

/** Renaming lets one of several waiters win; the one that took a living lock by mistake puts it back. */
function removeStaleLock(aside) {
  try {
    renameSync(lockFile, aside);
    if (isHeld(aside)) linkSync(aside, lockFile);
  } catch {
    // somebody else was quicker
  }
  rmSync(aside, { force: true });
}

function major(version) {
  return Number(version.split('.')[0]);
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/** Ends the process with one sentence that says what to do. */
function stop(sentence) {
  say(sentence);
  process.exit(1);
}
