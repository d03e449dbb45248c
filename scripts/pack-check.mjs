/**
 * Proves that what `npm run build` made can be installed without the sources: packs every package, installs the archives in an
 * empty folder, starts the service there on a free port with a folder of its own, asks `/health`, and stops it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS = 60_000;
const STOP_MS = 30_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'verdict-pack-'));
try {
  install(pack());
  runCommand();
  await startService();
  console.log('The packed packages install, start, answer and stop.');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pack() {
  const archives = join(folder, 'archives');
  mkdirSync(archives);
  npm(['pack', '--workspaces', '--ignore-scripts', '--silent', `--pack-destination=${archives}`], root);
  return readdirSync(archives).map((name) => join(archives, name));
}

/** The archives depend on each other by version; given together, npm takes each from its archive and none from a registry. */
function install(archives) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...archives], folder);
  console.log(`Installed ${archives.length} archives.`);
}

function runCommand() {
  const run = spawnSync(process.execPath, [commandOf('cli', 'verdict'), '--help'], { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`verdict --help failed when installed from its archive:\n${run.stdout}${run.stderr}`);
}

async function startService() {
  const port = await freePort();
  const env = { ...process.env, VERDICT_PORT: String(port), VERDICT_HOST: '127.0.0.1', VERDICT_DATA_DIR: join(folder, 'data') };
  const service = spawn(process.execPath, [commandOf('server', 'verdict-server')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  service.stdout.on('data', (text) => (said += text));
  service.stderr.on('data', (text) => (said += text));
  const ended = new Promise((resolve) => service.once('exit', (code, signal) => resolve(code ?? signal)));
  let running = true;
  ended.then(() => (running = false));
  try {
    await untilHealthy(`http://127.0.0.1:${port}/health`, () => running);
    service.kill('SIGTERM');
    const end = await Promise.race([ended, sleep(STOP_MS, 'nothing: it is still running')]);
    if (end !== 0) throw new Error(`Asked to stop, the service should end with 0 and ended with ${end}.`);
  } catch (error) {
    throw new Error(`${error.message}\nThe service said:\n${said}`);
  } finally {
    if (running) service.kill('SIGKILL');
    await ended;
  }
}

async function untilHealthy(url, isRunning) {
  const giveUp = Date.now() + START_MS;
  while (isRunning() && Date.now() < giveUp) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return;
    if (answer !== undefined) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
    await sleep(100);
  }
  throw new Error(`The service did not answer ${url}.`);
}

function commandOf(name, command) {
  const home = join(folder, 'node_modules', '@verdict', name);
  const file = join(home, JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).bin[command]);
  if (!existsSync(file)) throw new Error(`The archive of ${name} lacks ${file.slice(home.length + 1)}: run npm run build first.`);
  return file;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function npm(args, cwd) {
  const run = spawnSync('npm', args, { cwd, encoding: 'utf8', env: { ...process.env, npm_config_workspaces: undefined } });
  if (run.status !== 0) throw new Error(`npm ${args[0]} failed:\n${run.stdout ?? ''}${run.stderr ?? ''}${run.error ?? ''}`);
}
