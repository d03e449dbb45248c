import { type AppEventRow, type AppImported, VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { withSession } from '../connect.ts';
import { findJob } from '../find-job.ts';
import { CliError, count, type Io, note, plural, say, sayJson } from '../io.ts';
import { whereOf } from '../options.ts';
import { startProgress } from '../progress.ts';
import { printable } from '../table.ts';

interface TransferOptions {
  readonly fromJob: string;
  readonly toJob: string;
  readonly toUrl?: string;
  readonly json?: true;
}

/** Events on their way at once; what goes out in one call stays below the limit of a bulk. */
const PAGE = 200;
const CALL_BYTES = 8 * 1024 * 1024;

/** `verdict events transfer`: the events of one use case into another, here or on another service. */
export function eventsCommand(program: Command, io: Io): void {
  const events = program.command('events').description('move alerts between use cases and services');
  events
    .command('transfer')
    .description(
      'send the alerts of a use case to another one, with the labels that people agree on, under the same ids; running it again changes nothing',
    )
    .requiredOption('--from-job <title>', 'the use case they are in, by title or number')
    .requiredOption('--to-job <title>', 'the running use case they go to, by title or number')
    .option('--to-url <address>', 'the service of that use case; its key is in VERDICT_TO_API_KEY; this one when left out')
    .option('--json', 'answer as JSON')
    .action(async (options: TransferOptions, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const target = targetOf(io, client, options.toUrl);
        const from = await findJob(client, options.fromJob);
        const to = await findJob(target, options.toJob);
        if (target === client && from.job_id === to.job_id) throw new CliError('These are the same use case.');
        const outcome = await transfer(io, client, target, from, to);
        if (options.json) sayJson(io, { from_job: from.job_id, to_job: to.job_id, ...outcome });
        else {
          const { sent, known, labelled } = outcome;
          say(
            io,
            `${plural(sent, 'alert')} sent to "${printable(to.title)}" (${count(labelled)} with a label); ${count(known)} were there already.`,
          );
        }
        for (const line of outcome.refused.slice(0, 20)) note(io, line);
        if (outcome.refused.length > 0) throw new CliError(`${plural(outcome.refused.length, 'alert')} not taken as they are.`);
      });
    });
}

function targetOf(io: Io, here: VerdictClient, url: string | undefined): VerdictClient {
  if (url === undefined) return here;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new CliError(`"${url}" is not the address of a service. Write it like http://localhost:9666.`);
  const key = io.env.VERDICT_TO_API_KEY;
  if (!key) throw new CliError('Set VERDICT_TO_API_KEY to a management key of the service that the alerts go to.');
  return new VerdictClient({ baseUrl: url, key });
}

interface Outcome {
  readonly sent: number;
  readonly known: number;
  readonly labelled: number;
  readonly refused: readonly string[];
}

async function transfer(
  io: Io,
  source: VerdictClient,
  target: VerdictClient,
  from: { readonly job_id: number; readonly title: string; readonly events: number },
  to: { readonly job_id: number },
): Promise<Outcome> {
  const progress = startProgress(io, 'Sending alerts');
  const results: AppImported['results'] = [];
  const send = async (items: readonly string[]) => {
    if (items.length === 0) return;
    const body = `{"feedback_as":${JSON.stringify(`transfer from ${from.title}`.slice(0, 200))},"events":[${items.join(',')}]}`;
    results.push(...(await target.app.import(to.job_id, body)).results);
    progress.show(results.length / Math.max(1, from.events), `${count(results.length)} sent`);
  };
  let before: number | undefined;
  for (;;) {
    const page = await source.app.events(from.job_id, { limit: PAGE, ...(before === undefined ? {} : { before }) });
    let items: string[] = [];
    let bytes = 0;
    for (const row of page.events) {
      if (io.signal.aborted) throw new CliError('Interrupted. Run the same command again to go on.');
      const item = itemOf(row, (await source.app.event(from.job_id, row.event_id)).raw_event);
      if (bytes + item.length > CALL_BYTES) {
        await send(items);
        [items, bytes] = [[], 0];
      }
      items.push(item);
      bytes += item.length;
    }
    await send(items);
    if (page.next === null) break;
    before = page.next;
  }
  progress.done();
  return {
    sent: results.filter(({ outcome }) => outcome === 'new' || outcome === 'version').length,
    known: results.filter(({ outcome }) => outcome === 'repeated').length,
    labelled: results.filter(({ labelled }) => labelled).length,
    refused: results
      .filter(({ error }) => error !== '')
      .map(({ event_id, error }) => `${printable(event_id)}: ${printable(error)}`),
  };
}

/** One alert as an import takes it; its own JSON goes in as it is, so that its numbers stay as they are spelled. */
function itemOf({ event_id, event_at, consensus }: AppEventRow, raw: string): string {
  const label = consensus?.label ?? null;
  const time = Date.parse(event_at) / 1_000;
  return `{"event_id":${JSON.stringify(event_id)},"time":${time},"label":${JSON.stringify(label)},"event":${raw}}`;
}
