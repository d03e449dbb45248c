import { createInterface } from 'node:readline/promises';
import { type Ask, answerFor, branchName, type Host, taskLine } from '@verdict/xsoar';
import { type Io, say } from './io.ts';
import { printable } from './table.ts';

/** Shows a run while it goes on: a line for each task that is through; on a terminal also what is being done now. */
export function watchRun(io: Io): NonNullable<Host['watch']> {
  const live = io.err.isTTY === true;
  const clear = () => live && io.err.write('\r\x1b[K');
  return {
    began({ id, name, type }, path) {
      const indent = '  '.repeat(path.length - 1);
      const width = (io.err.columns || 80) - 1;
      if (type === 'playbook') {
        clear();
        say(io, printable(`${indent}▸ ${id} ${name || type}`));
      } else if (live) io.err.write(`\r\x1b[K${printable(`${indent}◌ ${id} ${name || type}`).slice(0, width)}`);
    },
    ended(trace, path) {
      clear();
      say(io, printable(taskLine(trace, path.length - 1)));
    },
  };
}

/**
 * Who answers what a playbook asks: answers given ahead, else the person at the terminal, else nobody.
 * @param interrupted called on Ctrl-C at a question, which then nobody answers; so it is on Ctrl-D, and the run may go on elsewhere.
 */
export function askerOf(io: Io, answers: ReadonlyMap<string, string>, interrupted: () => void): Host['ask'] {
  return async (ask) => {
    const given = answerFor(ask, answers);
    if (given !== undefined || io.in.isTTY !== true) return given;
    return askHere(io, ask, interrupted);
  };
}

async function askHere(io: Io, ask: Ask, interrupted: () => void): Promise<string | undefined> {
  const lines = createInterface({ input: io.in, output: io.err });
  const left = new AbortController();
  lines.on('SIGINT', () => {
    interrupted();
    left.abort();
  });
  // A question that is open when the terminal goes is never answered.
  lines.on('close', () => left.abort());
  const { task, text, options, several, required } = ask;
  try {
    io.err.write(`\r\x1b[K${printable(task.name === text ? text : `${task.name || task.id}: ${text}`)}\n`);
    for (const [index, option] of options.entries()) io.err.write(`  ${index + 1}  ${printable(branchName(option))}\n`);
    const hint = options.length === 0 ? '' : several ? ' (numbers or names, with commas)' : ' (number or name)';
    for (;;) {
      const typed = (await lines.question(`>${hint} `, { signal: left.signal })).trim();
      if (typed === '' && required) continue;
      if (options.length === 0) return typed;
      const parts = several ? typed.split(',').map((part) => part.trim()) : [typed];
      const chosen = parts.map(
        (part) => (/^\d+$/.test(part) ? options[Number(part) - 1] : undefined) ?? options.find((one) => one === part),
      );
      if (typed === '' || chosen.every((one) => one !== undefined)) return chosen.join(',');
      io.err.write('That is none of them.\n');
    }
  } catch (error) {
    if (!left.signal.aborted) throw error;
    io.err.write('\n');
    return undefined;
  } finally {
    lines.close();
  }
}
