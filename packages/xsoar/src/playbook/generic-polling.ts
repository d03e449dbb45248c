import { type JsonObject, readPath, textOf } from '../context/index.ts';
import { type Frame, pause } from './host.ts';
import { listOf, listOfArgument, numberFrom, ValueError } from './values.ts';
import { type Outcome, runWork } from './work.ts';

/** The playbook of XSOAR that is built in here, because its scheduler is XSOAR itself. */
export const GENERIC_POLLING = 'GenericPolling';

/** Its inputs; the values of those that are not given. */
export const POLLING_DEFAULTS: JsonObject = { PollingCommandArgName: 'ids', Interval: '1', Timeout: '10' };

const MS_A_MINUTE = 60_000;
const MOST_ROUNDS = 10_000;

/**
 * Runs a command for some ids until an expression finds none of them any more: what GenericPolling does.
 *
 * @param inputs `Ids`, `PollingCommandName`, `PollingCommandArgName`, `Interval` and `Timeout` (minutes; fractions work), `dt` (the ids that
 * are still pending), `AdditionalPollingCommandArgNames` and `…Values` (with commas).
 * @param frame in whose context the command's answers are put and `dt` is read.
 * @returns also when the time is over: as in XSOAR, the playbook goes on then.
 * @throws WorkFailed, NotKnown, and ValueError where an input is missing.
 */
export async function pollGenerically(inputs: JsonObject, frame: Frame): Promise<Outcome> {
  const command = needed(inputs, 'PollingCommandName');
  const dt = needed(inputs, 'dt').replace(/^\$\{([\s\S]*)\}$/, '$1');
  const interval = numberFrom(inputs.Interval) * MS_A_MINUTE;
  const timeout = numberFrom(inputs.Timeout) * MS_A_MINUTE;
  if (!(interval > 0)) throw new ValueError('the input Interval of GenericPolling must be more than 0 minutes');
  const names = listOfArgument(inputs.AdditionalPollingCommandArgNames).map(textOf);
  const values = listOfArgument(inputs.AdditionalPollingCommandArgValues);
  const more = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  const all = listOfArgument(inputs.Ids).map(textOf);
  if (all.length === 0) throw new ValueError('the input Ids of GenericPolling is empty');

  const { clock } = frame.shared.host;
  const began = clock.now();
  let pending = all;
  for (let rounds = 1; ; rounds += 1) {
    const args = { ...more, [textOf(inputs.PollingCommandArgName)]: pending.join(',') };
    await runWork({ kind: 'command', name: command, brand: '' }, args, frame);
    const found = new Set(listOf(readPath(frame.memory.context, dt)).map(textOf));
    pending = all.filter((id) => found.has(id));
    if (pending.length === 0) return { output: `Nothing is pending after ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.` };
    if (clock.now() - began + interval > timeout || rounds >= MOST_ROUNDS || clock.now() + interval > frame.shared.deadline) {
      return { output: `Timed out after ${rounds} ${rounds === 1 ? 'round' : 'rounds'}; still pending: ${pending.join(', ')}.` };
    }
    await pause(frame.shared.host, interval);
  }
}

function needed(inputs: JsonObject, name: string): string {
  const value = textOf(inputs[name]);
  if (value === '') throw new ValueError(`the input ${name} of GenericPolling is empty`);
  return value;
}
