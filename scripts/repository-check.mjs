/**
 * Fails on what must not be in the repository: a registry host in the lock file or .npmrc, a path of somebody's machine, and the
 * ways around the compiler and the tests that CONTRIBUTING.md rules out. Looks at the files that git tracks or would add.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = 'scripts/repository-check.mjs';
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Alerts in examples and tests rightly name the homes of imaginary users, so these count outside of the sources only. */
const HOME = /(?<![\w.-])(?:\/(?:home|Users)\/[\w.-]+\/|[A-Z]:\\Users\\)/;
/** The paths of the very machine this runs on count everywhere, unless so short that they mean nothing. */
const here = [root, dirname(root), homedir()]
  .filter((path) => path.split(sep).length > 2)
  .map((path) => ({ path, pattern: new RegExp(`(?<![\\w.@-])${RegExp.escape(path)}(?![\\w-])`) }));

const SHORTCUTS = [
  [/@ts-(?:ignore|expect-error|nocheck)/, 'silences the compiler'],
  [/\bas (?:any|unknown as)\b/, 'gets around the types'],
  [/\b(?:TODO|FIXME)\b/, 'leaves something to be done; finish it or open an issue'],
  [/\b(?:it|test|describe)\.(?:only|skip|todo)\(/, 'leaves tests out'],
];

const problems = trackedFiles().flatMap(fileProblems);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'Nothing is tracked that should not be.' : `${problems.length} found.`);
process.exitCode = problems.length === 0 ? 0 : 1;

function fileProblems(file) {
  const bytes = readFileSync(join(root, file));
  if (bytes.includes(0)) return []; // not text
  const text = bytes.toString('utf8');
  if (file === 'package-lock.json') return lockProblems(JSON.parse(text));
  if (file.endsWith('.npmrc') && /^\s*(?:@[\w-]+:)?registry\s*=|_auth/m.test(text))
    return [`${file}: names a registry or a credential`];
  return text.split('\n').flatMap((line, i) => lineProblems(file, line).map((problem) => `${file}:${i + 1}: ${problem}`));
}

function lineProblems(file, line) {
  const found = here.filter(({ pattern }) => pattern.test(line)).map(({ path }) => `names ${path}, a folder of this machine`);
  const isSource = /^(?:packages\/[^/]+\/src|bench)\//.test(file);
  if (!isSource && HOME.test(line)) found.push('names the home of somebody on some machine');
  if (/\.(?:ts|tsx|mjs|js)$/.test(file) && file !== SELF) {
    for (const [pattern, why] of SHORTCUTS) if (pattern.test(line)) found.push(`${pattern.exec(line)[0]} ${why}`);
  }
  return found;
}

/** Whoever installs has a registry of their own; the lock file holds what was chosen and its checksum. */
function lockProblems({ packages }) {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return [];
    const found = entry.resolved === undefined ? [] : [`package-lock.json: ${path} names where it came from, ${entry.resolved}`];
    return entry.integrity === undefined ? [...found, `package-lock.json: ${path} has no checksum`] : found;
  });
}

function trackedFiles() {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  const names = git.status === 0 ? git.stdout.split('\0') : allFiles();
  return names.filter((file) => file !== '' && existsSync(join(root, file)));
}

/** For a copy of the sources without git: everything but what a build or a run leaves behind. */
function allFiles() {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(?:^|\/)(?:node_modules|dist|coverage|\.git)\/|^data\//.test(file));
}
