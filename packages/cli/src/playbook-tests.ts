import { dirname, join, relative } from 'node:path';
import {
  BadTest,
  copyJson,
  type Difference,
  isList,
  isObject,
  type Json,
  type JsonObject,
  PlaybookError,
  type PlaybookTest,
  playbookFinder,
  readPlaybook,
  readPlaybookTest,
  runPlaybookTest,
  type TestResult,
} from '@verdict/xsoar';
import { CliError, type Io, note, plural, say, sayJson } from './io.ts';
import { printable } from './table.ts';
import { readJsonFile, readTextFile } from './text-file.ts';

/** What came of one test file: the result, or why there is none. */
type Outcome = { readonly file: string } & ({ readonly result: TestResult } | { readonly error: string });

/**
 * Runs tests of playbooks and tells what came of them.
 * @returns whether all passed. A file that cannot be read has not.
 */
export async function testPlaybooks(io: Io, files: readonly string[], json: boolean): Promise<boolean> {
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const outcome = await testOne(file);
    outcomes.push(outcome);
    if (!json) tell(io, outcome);
  }
  const passed = outcomes.filter(hasPassed).length;
  if (json) sayJson(io, outcomes.map(asJson));
  else note(io, `${plural(outcomes.length, 'test')}: ${passed} passed, ${outcomes.length - passed} failed.`);
  return passed === outcomes.length;
}

async function testOne(file: string): Promise<Outcome> {
  try {
    const test = readPlaybookTest(readTextFile(file), file);
    const path = join(dirname(file), test.playbook);
    const playbook = readPlaybook(readTextFile(path), relative(process.cwd(), path) || path);
    const folders = [dirname(path), ...(test.pack === undefined ? [] : [join(dirname(file), test.pack)])];
    return { file, result: await runPlaybookTest(test, playbook, incidentOfTest(test, file), playbookFinder(folders)) };
  } catch (error) {
    if (error instanceof BadTest || error instanceof PlaybookError || error instanceof CliError)
      return { file, error: error.message };
    throw error;
  }
}

function incidentOfTest({ incident }: PlaybookTest, file: string): JsonObject {
  if (typeof incident !== 'string') return incident;
  const data = copyJson(readJsonFile(join(dirname(file), incident)));
  if (!isObject(data)) throw new CliError(`${incident} does not hold an incident: a JSON object.`);
  return data;
}

function hasPassed(outcome: Outcome): boolean {
  return 'result' in outcome && outcome.result.passed;
}

function tell(io: Io, outcome: Outcome): void {
  const name = 'result' in outcome ? outcome.result.name : '';
  say(
    io,
    printable(`${hasPassed(outcome) ? '✓' : '✗'} ${outcome.file}${name === '' || name === outcome.file ? '' : `: ${name}`}`),
  );
  if ('error' in outcome) {
    say(io, printable(`    ${outcome.error}`));
    return;
  }
  for (const difference of outcome.result.differences) tellDifference(io, difference);
  if (!outcome.result.passed && outcome.result.unused.length > 0) {
    say(io, printable(`    never asked for: ${outcome.result.unused.join(', ')}`));
  }
}

/** Lists as lines that are missing (-) and lines that are there (+), anything else one below the other. */
function tellDifference(io: Io, { what, expected, found }: Difference): void {
  say(io, printable(`    ${what}`));
  if (isList(expected) && isList(found)) {
    for (const line of difference(expected.map(shown), found.map(shown))) say(io, printable(`      ${line}`));
    return;
  }
  say(io, printable(`      - ${shown(expected)}`));
  say(io, printable(`      + ${shown(found)}`));
}

/** The longest common subsequence of two lists, with what is missing and what is too much around it (Wagner and Fischer, 1974). */
function difference(expected: readonly string[], found: readonly string[]): string[] {
  const [rows, columns] = [expected.length, found.length];
  const lengths = Array.from({ length: rows + 1 }, () => new Array<number>(columns + 1).fill(0));
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row]![column] =
        expected[row] === found[column]
          ? lengths[row + 1]![column + 1]! + 1
          : Math.max(lengths[row + 1]![column]!, lengths[row]![column + 1]!);
    }
  }
  const lines: string[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (row < rows && column < columns && expected[row] === found[column]) {
      lines.push(`  ${expected[row]}`);
      row += 1;
      column += 1;
    } else if (column >= columns || (row < rows && lengths[row + 1]![column]! >= lengths[row]![column + 1]!)) {
      lines.push(`- ${expected[row]}`);
      row += 1;
    } else {
      lines.push(`+ ${found[column]}`);
      column += 1;
    }
  }
  return lines;
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asJson(outcome: Outcome): object {
  if ('error' in outcome) return { file: outcome.file, passed: false, error: outcome.error };
  const { name, passed, differences, unused, trace } = outcome.result;
  return { file: outcome.file, name, passed, differences, unused, trace };
}
