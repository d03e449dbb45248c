import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Integration, WarRoom } from '@verdict/xsoar';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Io } from '../io.ts';
import { runTerminal } from './session.ts';

vi.setConfig({ testTimeout: 60_000 });

const INTEGRATION: Integration = {
  name: 'Probe',
  display: 'Probe',
  parameters: [],
  commands: [
    {
      name: 'probe-say',
      description: 'Says its text.',
      deprecated: false,
      arguments: [
        {
          name: 'text',
          description: 'The text.',
          required: true,
          isDefault: true,
          isArray: false,
          defaultValue: undefined,
          predefined: ['good morning', 'good night'],
        },
      ],
      outputs: [],
    },
    { name: 'probe-wait', description: 'Waits.', deprecated: false, arguments: [], outputs: [] },
  ],
  script: "if (command === 'probe-wait') wait(600); return 'It said: ' + args.text;",
};

const [TAB, ENTER, UP, CTRL_C, CTRL_D] = ['\t', '\r', '\u001b[A', '\u0003', '\u0004'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-terminal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A person at a terminal: what they type, and what they see. */
function sitDown() {
  const [keys, screen] = [new PassThrough(), new PassThrough()];
  let seen = '';
  screen.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const io: Io = {
    in: keys,
    out: screen,
    err: new PassThrough(),
    env: { XDG_STATE_HOME: folder },
    signal: new AbortController().signal,
    endAtOnce() {},
  };
  const room = new WarRoom({ instances: [{ name: 'one', integration: INTEGRATION, params: {} }] });
  const ended = runTerminal(room, io);
  return {
    room,
    ended,
    type: (text: string) => keys.write(text),
    /** Waits until this stands on the screen, and forgets what was there up to it. */
    async sees(text: string) {
      await vi.waitFor(() => expect(seen).toContain(text), { timeout: 30_000, interval: 10 });
      seen = seen.slice(seen.indexOf(text) + text.length);
    },
  };
}

const historyFile = () => join(folder, 'verdict', 'warroom_history');

it('Tab completes commands, arguments and values; Ctrl-D ends', async () => {
  const person = sitDown();
  await person.sees('warroom> ');
  person.type(`!probe-s${TAB}`);
  await person.sees('ay ');
  person.type(`te${TAB}`);
  await person.sees('xt=');
  // What both values begin with, then the two of them, then the one that is meant.
  person.type(TAB);
  await person.sees('"good ');
  person.type(TAB);
  await person.sees('"good morning"');
  await person.sees('"good night"');
  person.type('n');
  person.type(TAB);
  await person.sees('ight" ');
  person.type(ENTER);
  await person.sees('It said: good night');
  person.type(CTRL_D);
  await person.ended;
});

it('keeps what was typed for the next time, for nobody else to read, and nothing that could be a secret', async () => {
  const first = sitDown();
  await first.sees('warroom> ');
  first.type(`!probe-say one${ENTER}`);
  await first.sees('It said: one');
  first.type(`!probe-say two${ENTER}`);
  await first.sees('It said: two');
  first.type(`!probe-say text="password=hunter2"${ENTER}`);
  await first.sees('It said: password=hunter2');
  first.type(`!exit${ENTER}`);
  await first.ended;
  expect(readFileSync(historyFile(), 'utf8')).toBe('!exit\n!probe-say two\n!probe-say one\n');
  expect(statSync(historyFile()).mode & 0o777).toBe(0o600);

  const second = sitDown();
  await second.sees('warroom> ');
  second.type(`${UP}${UP}${UP}${ENTER}`);
  await second.sees('It said: one');
  second.type(`!exit${ENTER}`);
  await second.ended;
});

it('Ctrl-C stops the command that runs, and only that', async () => {
  const person = sitDown();
  await person.sees('warroom> ');
  person.type(`!probe-wait${ENTER}`);
  await person.sees('!probe-wait');
  person.type(CTRL_C);
  await person.sees('Error: Stopped.');
  person.type(`!Set key=A value=5${ENTER}`);
  await person.sees('Key A set');
  person.type(CTRL_C);
  await person.sees('(!exit or Ctrl-D ends)');
  person.type(`quit${ENTER}`);
  await person.ended;
  expect(person.room.context).toEqual({ A: 5 });
});
