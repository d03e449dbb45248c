import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const LOCK = {
  packages: {
    '': { name: 'verdict' },
    'packages/engine': { name: '@verdict/engine', version: '0.1.0' },
    'node_modules/@verdict/engine': { resolved: 'packages/engine', link: true },
    'node_modules/fastify': { version: '5.0.0', integrity: 'sha512-a' },
    'node_modules/vitest': { version: '5.0.0', integrity: 'sha512-b', dev: true },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-c', optional: true },
  },
};

/** Stands for npm, which would ask a registry: notes its arguments, takes a while, and leaves what npm leaves. */
const NPM = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('npm-runs', process.argv.slice(2).join(' ') + '\\n');
console.log('added 2 packages');
if (process.env.NPM_FAILS) process.exit(1);
setTimeout(() => {
  mkdirSync('node_modules', { recursive: true });
  writeFileSync('node_modules/.package-lock.json', process.env.INSTALLED);
}, 300);
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'prepare-'));
  mkdirSync(join(root, 'scripts'));
  for (const file of ['prepare.mjs', 'build-web.mjs', 'build-pack.mjs', 'built.mjs'])
    copyFileSync(join(import.meta.dirname, file), join(root, 'scripts', file));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK));
  writeFileSync(join(root, 'npm-cli.js'), NPM);
});
afterEach(() => rmSync(root, { recursive: true }));

/** What npm leaves in node_modules/.package-lock.json: all but the optional package, with `changes` made to it. */
function installed(changes: Record<string, object | undefined> = {}): string {
  return JSON.stringify({ packages: { ...LOCK.packages, 'node_modules/other-platform': undefined, ...changes } });
}

function leaveInstalled(text: string): void {
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(root, 'node_modules/.package-lock.json'), text);
}

function prepare(env: Record<string, string> = {}): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['scripts/prepare.mjs'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      npm_execpath: join(root, 'npm-cli.js'),
      npm_node_execpath: process.execPath,
      npm_lifecycle_event: 'prestart',
      INSTALLED: installed(),
      ...env,
    },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

function npmRuns(): string[] {
  const file = join(root, 'npm-runs');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function locksLeft(): string[] {
  return readdirSync(root).filter((name) => name.startsWith('.install'));
}

it('does and says nothing when everything is there', async () => {
  leaveInstalled(installed());
  expect(await prepare()).toEqual({ code: 0, out: '', err: '' });
  expect(npmRuns()).toEqual([]);
});

it('installs into a fresh clone, without a word on stdout', async () => {
  const { code, out, err } = await prepare();
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(err).toMatch(/^Installing dependencies with npm ci .*\nadded 2 packages\nDependencies installed in \d+ s\.\n$/);
  expect(npmRuns()).toEqual(['ci --ignore-scripts --no-audit --no-fund --loglevel=error --include=dev']);
  expect(locksLeft()).toEqual([]);
});

it.each([
  ['another version', { 'node_modules/fastify': { version: '4.0.0', integrity: 'sha512-z' } }],
  ['a package that is missing', { 'node_modules/fastify': undefined }],
  ['a workspace that is not linked', { 'node_modules/@verdict/engine': undefined }],
])('installs because of %s', async (_, changes) => {
  leaveInstalled(installed(changes));
  expect((await prepare()).code).toBe(0);
  expect(npmRuns()).toHaveLength(1);
});

it('asks for development packages only where tests run or pages are built', async () => {
  leaveInstalled(installed({ 'node_modules/vitest': undefined }));
  await prepare({ npm_lifecycle_event: 'preverdict' });
  expect(npmRuns()).toEqual([]);
  await prepare({ npm_lifecycle_event: 'pretest' });
  expect(npmRuns()).toEqual(['ci --ignore-scripts --no-audit --no-fund --loglevel=error --include=dev']);
});

it('lets one of several at once install and the others wait for it', async () => {
  const ends = await Promise.all([prepare(), prepare(), prepare(), prepare()]);
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(npmRuns()).toHaveLength(1);
  expect(locksLeft()).toEqual([]);
});

it('takes over from a process that died while installing', async () => {
  const dead = spawn(process.execPath, ['--version']);
  await new Promise((resolve) => dead.once('exit', resolve));
  writeFileSync(join(root, '.install.lock'), String(dead.pid));
  expect((await prepare()).code).toBe(0);
  expect(npmRuns()).toHaveLength(1);
  expect(locksLeft()).toEqual([]);
});

it('says so when the installation fails, and leaves no lock behind', async () => {
  const { code, err } = await prepare({ NPM_FAILS: '1' });
  expect(code).toBe(1);
  expect(err).toContain('The dependencies are not installed, because npm ci failed');
  expect(locksLeft()).toEqual([]);
});

it('says in a sentence that the Node that would run Verdict is too old', async () => {
  leaveInstalled(installed());
  writeFileSync(join(root, 'node_modules/.bin/node'), '#!/bin/sh\necho v22.3.0\n', { mode: 0o755 });
  const { code, err } = await prepare();
  expect(code).toBe(1);
  expect(err).toMatch(/^Verdict runs on Node\.js 24 or later, and the one it would use is 22\.3\.0 .*install Node\.js 24.*\n$/);
});

it('moves a Node that does not run here out of the way of one that does', async () => {
  leaveInstalled(installed());
  const broken = join(root, 'node_modules/.bin/node');
  writeFileSync(broken, '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  expect(await prepare()).toEqual({ code: 0, out: '', err: '' });
  expect(existsSync(broken)).toBe(false);
});
