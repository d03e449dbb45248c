/**
 * `npm test`: types, format and lint, doors between the rooms, then every test, and the coverage of engine and contract;
 * `npm test -- packages/engine` gives its arguments to Vitest and runs nothing else. The last line is `N passed, N failed`: tests, and each failed step as one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
/** The rooms whose lines tests have to reach, as the thresholds in vitest.config.ts say. */
const COVERED = ['packages/engine', 'packages/contract'];
const bin = (name) => join(root, 'node_modules', name);

const checks = [
  { name: 'types', command: [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of the pages', command: [bin('typescript/bin/tsc'), '--noEmit', '-p', 'packages/web/tsconfig.json'] },
  { name: 'format and lint', command: [bin('@biomejs/biome/bin/biome'), 'check', '.'] },
  { name: 'doors', command: ['scripts/doors.ts'] },
];

let failed = 0;
for (const { name, command } of args.length > 0 ? [] : checks) {
  const started = Date.now();
  const code = await node(command);
  if (code !== 0) failed++;
  console.log(`${code === 0 ? 'passed' : 'FAILED'}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}

// With arguments they go to Vitest as they are. Without, what has to be covered is run first, with its coverage, and then the rest: nothing twice.
const runs = args.length > 0 ? [args] : [['--coverage', ...COVERED], COVERED.flatMap((folder) => ['--exclude', `${folder}/**`])];
const tests = { passed: 0, skipped: 0 };
for (const run of runs) {
  const { passed, skipped, failed: wrong } = await runTests(run);
  tests.passed += passed;
  tests.skipped += skipped;
  failed += wrong;
}
if (tests.skipped > 0) {
  console.log(
    `\n${tests.skipped} skipped: tests in a browser need Chromium, and those of the pack’s scripts duktape. On Debian: apt-get install -y chromium duktape; elsewhere set CHROMIUM and DUKTAPE to the programs.`,
  );
  // Where everything has to hold, what did not run did not pass.
  if (process.env.CI) failed += tests.skipped;
}
console.log(`\n${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * Counts from Vitest's own report, since its exit code alone does not say how many. Node 24 can, rarely, end a process where threads come and go
 * (nodejs/node 64500): a test file that was cut off so is run once more, which is said, and counts as it ends then.
 */
async function runTests(given) {
  const first = await runOnce(given);
  if (first.cutOff.length === 0) return first;
  console.log(`\nV8 ended the process of these test files; they are run once more: ${first.cutOff.join(', ')}\n`);
  const again = await runOnce(first.cutOff);
  return {
    passed: first.passed + again.passed,
    skipped: first.skipped + again.skipped,
    failed: first.failed + again.failed + again.cutOff.length,
  };
}

async function runOnce(given) {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-test-'));
  const report = join(folder, 'report.json');
  const crashes = join(folder, 'crashes');
  try {
    const command = [
      bin('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      '--reporter=./scripts/test-crashes.mjs',
      `--outputFile.json=${report}`,
      ...given,
    ];
    const code = await node(command, { VERDICT_TEST_CRASHES: crashes });
    const cutOff = readFileSync(crashes, 'utf8').split('\n').filter(Boolean);
    return { ...count(JSON.parse(readFileSync(report, 'utf8')), code, cutOff), cutOff };
  } catch (error) {
    console.error(`Vitest left no report: ${error.message}`);
    return { passed: 0, skipped: 0, failed: 1, cutOff: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A file that could not be loaded has no tests to fail, and an error outside of any test belongs to none: each counts as one. What was cut off
 * counts nothing here.
 */
function count(report, code, cutOff) {
  const files = report.testResults.filter(({ name }) => !cutOff.includes(name));
  const tests = files.flatMap((file) => file.assertionResults);
  const broken = files.filter((file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'));
  const failures = tests.filter(({ status }) => status === 'failed').length + broken.length;
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').length,
    failed: failures === 0 && code !== 0 && cutOff.length === 0 ? 1 : failures,
  };
}

function node(command, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
