import { PassThrough } from 'node:stream';
import { incidentOf, packHost, readPlaybook, runPlaybook } from '@verdict/xsoar';
import { expect, it, vi } from 'vitest';
import type { Io } from './io.ts';
import { askerOf, watchRun } from './playbook-terminal.ts';

/** A person at a terminal: what they type, and all that they see. */
function sitDown() {
  const [keys, screen] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()];
  let seen = '';
  screen.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const io: Io = {
    in: keys,
    out: screen,
    err: Object.assign(screen, { isTTY: true, columns: 60 }),
    env: {},
    signal: new AbortController().signal,
    endAtOnce() {},
  };
  return { io, type: (text: string) => keys.write(text), seen: () => seen };
}

const task = (type: string, name: string, next: string[], more: object = {}) => ({
  type,
  task: { name },
  nexttasks: { '#none#': next },
  ...more,
});

const FORM = {
  title: 'Form',
  questions: [
    {
      id: '0',
      label: '',
      labelarg: { simple: 'What is it?' },
      type: 'singleSelect',
      options: [],
      optionsarg: [{ simple: 'Drop' }, { simple: 'Escalate' }],
      required: true,
    },
    { id: '1', label: '', labelarg: { simple: 'Why?' }, type: 'shortText' },
  ],
};

const TASKS = {
  '0': task('start', '', ['1']),
  '1': task('regular', 'Look\u001b[2J at it', ['2'], {
    task: { name: 'Look\u001b[2J at it', scriptName: 'Sleep' },
    scriptarguments: { seconds: { simple: '0' } },
  }),
  '2': task('collection', 'Ask the analyst', ['3'], { form: FORM }),
  '3': task('title', 'Done', []),
};

it('a run is a live tree at the terminal, and asks the person there until the answer is one that can be given', async () => {
  const person = sitDown();
  const playbook = readPlaybook(JSON.stringify({ id: 'P', name: 'P', starttaskid: '0', tasks: TASKS }), 'p.yml');
  const host = packHost({
    instances: [],
    automations: [],
    findPlaybook: () => undefined,
    ask: askerOf(person.io, new Map(), () => {}),
    clock: { now: () => 0, sleep: async () => {} },
    analyst: 'analyst',
    watch: watchRun(person.io),
  });
  const running = runPlaybook({ playbook, incident: incidentOf({}), host });
  const sees = (text: string) => vi.waitFor(() => expect(person.seen()).toContain(text), { timeout: 30_000, interval: 5 });
  await sees('> (number or name)');
  person.type('3\n');
  await sees('That is none of them.');
  person.type('2\n');
  await sees('Why?');
  person.type('a beacon\n');
  const { trace, context } = await running;
  expect(trace).toMatchObject({ state: 'completed', problem: null });
  expect(context).toEqual({ Form: { Answers: { '0': 'Escalate', '1': 'a beacon', name: 'analyst' } } });
  const lines = person.seen();
  // What is being done stands in a line of its own until it is through.
  expect(lines.indexOf('◌ 2 Ask the analyst')).toBeLessThan(lines.indexOf('✓ 2 Ask the analyst'));
  for (const line of ['  1  Drop', '  2  Escalate', '✓ 0 start', '✓ 1 Look·[2J at it', '✓ 2 Ask the analyst', '✓ 3 Done'])
    expect(lines).toContain(`${line}\n`);
  expect(lines).not.toContain('\u001b[2J');
});

it.each([
  ['Ctrl-C', '\u0003', true],
  ['Ctrl-D', '\u0004', false],
])('on %s nobody answers, and only Ctrl-C ends the run', async (_, key, ends) => {
  const person = sitDown();
  let interrupted = false;
  const ask = askerOf(person.io, new Map(), () => {
    interrupted = true;
  });
  const asks = {
    task: { id: '2', name: 'Ask' },
    question: '0',
    text: 'What?',
    options: ['Drop'],
    several: false,
    required: true,
  };
  const answer = ask(asks);
  await vi.waitFor(() => expect(person.seen()).toContain('> (number or name)'), { timeout: 30_000, interval: 5 });
  person.type(key);
  expect(await answer).toBeUndefined();
  expect(interrupted).toBe(ends);
});

it('answers that were given ahead go before the person, and where no terminal is there nobody answers', async () => {
  const person = sitDown();
  const asks = {
    task: { id: '2', name: 'Ask' },
    question: '0',
    text: 'What?',
    options: ['Drop'],
    several: false,
    required: true,
  };
  expect(await askerOf(person.io, new Map([['Ask.0', 'Drop']]), () => {})(asks)).toBe('Drop');
  const nobody: Io = { ...person.io, in: new PassThrough() };
  expect(await askerOf(nobody, new Map([['Ask.1', 'Drop']]), () => {})(asks)).toBeUndefined();
  expect(person.seen()).toBe('');
});
