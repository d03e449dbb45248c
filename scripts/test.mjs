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

/** Counts from Vitest's own report, since its exit code alone does not say how many. */
async function runTests(given) {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-test-'));
  const report = join(folder, 'report.json');
  try {
    const code = await node([
      bin('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...given,
    ]);
    return count(JSON.parse(readFileSync(report, 'utf8')), code);
  } catch (error) {
    console.error(`Vitest left no report: ${error.message}`);
    return { passed: 0, skipped: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not be loaded has no tests to fail, and an error outside of any test belongs to none: each counts as one. */
function count(report, code) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
  );
  const failures = report.numFailedTests + brokenFiles.length;
  return { passed: report.numPassedTests, skipped: report.numPendingTests, failed: failures === 0 && code !== 0 ? 1 : failures };
}

function node(command) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
