import { dirname, relative, resolve } from 'node:path';
import {
  type Ask,
  answerFor,
  drawRun,
  type Host,
  incidentJson,
  incidentOf,
  type JsonObject,
  loadPack,
  type Playbook,
  packFolder,
  packHost,
  playbookFinder,
  REAL_CLOCK,
  type RunResult,
  readPlaybook,
  recordCalls,
  runPlaybook,
} from '@verdict/xsoar';
import { type Command, InvalidArgumentError } from 'commander';
import { type Io, note, sayJson } from '../io.ts';
import { whole } from '../options.ts';
import { askerOf, watchRun } from '../playbook-terminal.ts';
import { testPlaybooks } from '../playbook-tests.ts';
import { printable } from '../table.ts';
import { readTextFile, writeTextFile } from '../text-file.ts';
import { incidentIn, otherIncidents } from '../warroom/incidents.ts';
import { type InstanceOptions, settingsOf, several, withInstanceSettings } from '../warroom/instances.ts';
import { instanceOfPack } from '../xsoar-instances.ts';

interface RunOptions extends InstanceOptions {
  readonly incident?: string;
  readonly incidents?: string;
  readonly instance: readonly string[];
  readonly answer: ReadonlyMap<string, string>;
  readonly input: ReadonlyMap<string, string>;
  readonly pack?: string;
  readonly trace?: string;
  readonly svg?: string;
  readonly timeout: number;
  readonly analyst: string;
  readonly json?: true;
  readonly out?: string;
}

/**
 * `verdict playbook …`: playbooks of Cortex XSOAR without an XSOAR server.
 * @param fail called where a playbook did not come to its end, or a test failed.
 */
export function playbookCommand(program: Command, io: Io, fail: () => void): void {
  const playbook = program.command('playbook').description('run and test playbooks of Cortex XSOAR without an XSOAR server');

  withRunOptions(playbook.command('run <file>'))
    .description('run a playbook; ends with status 1 where it does not come to its end')
    .option('--trace <file>', 'write what each task did, as JSON')
    .option('--svg <file>', 'write a picture of the playbook with the way taken')
    .option('--json', 'answer with the trace, the context and the incident as JSON')
    .action(async (file: string, options: RunOptions) => {
      const playbookRead = readPlaybook(readTextFile(file), file);
      const { result, asked } = await runHere(io, file, playbookRead, options, (host) => host);
      if (options.json) sayJson(io, answerOf(result, options));
      conclude(io, result, asked, options, fail);
      if (options.trace !== undefined) writeTextFile(options.trace, `${JSON.stringify(result.trace, undefined, 2)}\n`);
      if (options.svg !== undefined) writeTextFile(options.svg, drawRun(playbookRead, result.trace));
    });

  withRunOptions(playbook.command('record <file>'))
    .description('run a playbook and write a test of it, with every answer that it got')
    .requiredOption('--out <file>', 'where to write the test (YAML)')
    .action(async (file: string, options: RunOptions & { out: string }) => {
      const playbookRead = readPlaybook(readTextFile(file), file);
      let recorder: ReturnType<typeof recordCalls> | undefined;
      const { result, before, others, inputs, asked } = await runHere(io, file, playbookRead, options, (host) => {
        recorder = recordCalls(host);
        return recorder.host;
      });
      const from = (path: string) => relative(dirname(resolve(options.out)), resolve(path)) || '.';
      const text = recorder!.testText({
        playbook: from(file),
        pack: options.pack === undefined ? undefined : from(options.pack),
        incident: before,
        others,
        inputs,
        trace: result.trace,
        after: result.incident,
      });
      writeTextFile(options.out, text);
      note(io, `Wrote ${options.out}. Answers of the service are in it: look through them before you share it.`);
      conclude(io, result, asked, options, fail);
    });

  playbook
    .command('test <files...>')
    .description('run playbooks against recorded answers, and compare; ends with status 1 where a test fails')
    .option('--json', 'answer as JSON')
    .action(async (files: string[], options: { json?: true }) => {
      if (!(await testPlaybooks(io, files, options.json === true))) fail();
    });
}

function withRunOptions(command: Command): Command {
  return withInstanceSettings(command)
    .option('--incident <file>', 'the incident, as JSON: fields of XSOAR, custom ones under CustomFields or beside them')
    .option('--incidents <file>', 'the other incidents that there are, for getIncidents: a JSON list, each with an id')
    .option('--instance <name=url,keyfile>', 'an instance of the pack’s integration; can be given several times', several, [])
    .option(
      '--answer <task=value>',
      'an answer for a person’s task, by TASK or TASK.QUESTION; can be given several times',
      pair,
      new Map(),
    )
    .option('--input <name=value>', 'an input of the playbook; can be given several times', pair, new Map())
    .option('--pack <folder>', 'the pack whose commands, scripts and playbooks are used (ours where it is left out)')
    .option('--timeout <seconds>', 'end it after this time', whole(1, 86_400), 3_600)
    .option('--analyst <name>', 'who gets an incident that is assigned to some analyst', 'analyst');
}

async function runHere(io: Io, file: string, playbook: Playbook, options: RunOptions, wrap: (host: Host) => Host) {
  const folder = options.pack ?? packFolder();
  const pack = loadPack(folder);
  if (pack.others.length > 0) note(io, `Not run here, because it is not in JavaScript: ${pack.others.join(', ')}.`);
  const others = options.incidents === undefined ? new Map() : otherIncidents(options.incidents);
  const incident = incidentOf(options.incident === undefined ? {} : incidentIn(options.incident), others);
  const inputs: JsonObject = Object.fromEntries(options.input);
  let interrupted = false;
  const ask = askerOf(io, options.answer, () => {
    interrupted = true;
  });
  const asked: Ask[] = [];
  const host = packHost({
    instances: options.instance.map((text) => instanceOfPack(io, text, pack, settingsOf(options))),
    automations: pack.automations,
    findPlaybook: playbookFinder([dirname(resolve(file)), folder]),
    ask: (asks) => {
      asked.push(asks);
      return ask(asks);
    },
    clock: { ...REAL_CLOCK, sleep: (ms) => sleepUnlessStopped(io, ms) },
    isStopped: () => io.signal.aborted || interrupted,
    analyst: options.analyst,
    env: io.env,
    ...(options.json !== true && { watch: watchRun(io) }),
  });
  const result = await runPlaybook({ playbook, incident, others, host: wrap(host), inputs, timeoutMs: options.timeout * 1000 });
  return { result, before: incident, others, inputs, asked };
}

function answerOf({ trace, context, incident, others }: RunResult, { incidents }: RunOptions): object {
  const more = incidents === undefined ? {} : { incidents: [...others.values()].map(incidentJson) };
  return { trace, context, incident: incidentJson(incident), ...more };
}

function conclude(io: Io, { trace }: RunResult, asked: readonly Ask[], options: RunOptions, fail: () => void): void {
  if (trace.state === 'completed') {
    note(io, printable(`${trace.playbook} came to its end.`));
    return;
  }
  const problem = trace.problem ?? trace.state;
  note(io, printable(`${trace.playbook}: ${problem}${/[.!?]$/.test(problem) ? '' : '.'}`));
  if (trace.state === 'waiting') {
    note(io, 'Answer with --answer TASK=VALUE, or run it on a terminal.');
    const fits = (name: string) => asked.some((ask) => answerFor(ask, new Map([[name, '']])) !== undefined);
    const idle = [...options.answer.keys()].filter((name) => !fits(name));
    if (idle.length > 0) note(io, printable(`No task has asked for the answer ${idle.map((name) => `"${name}"`).join(', ')}.`));
  } else if (/no instance has the command/.test(problem) && options.instance.length === 0) {
    note(io, 'Commands need an instance: --instance NAME=URL,KEYFILE, and --pack FOLDER where they are not Verdict’s.');
  } else if (/no instance has the command|neither built in nor part of the pack/.test(problem)) {
    note(io, 'Name the pack that has it with --pack FOLDER.');
  }
  fail();
}

/** Sleeps in short pieces, so that Ctrl-C need not be waited for. */
async function sleepUnlessStopped(io: Io, ms: number): Promise<void> {
  const end = REAL_CLOCK.now() + ms;
  for (let left = ms; left > 0 && !io.signal.aborted; left = end - REAL_CLOCK.now()) {
    await REAL_CLOCK.sleep(Math.min(left, 200));
  }
}

function pair(text: string, before: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it like NAME=VALUE.');
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}
