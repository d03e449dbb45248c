/**
 * Kills the service at random moments while it takes events, bulk calls and votes, some of the time while it trains, puts events in other
 * buckets or decides them again; then looks whether everything that was acknowledged is there, once, and everything that is counted adds up.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { alertText, kindsOfTraffic, labelOf, POINTS } from './support/alerts.ts';
import { HttpLine, request } from './support/http-line.ts';
import { brokenInvariants } from './support/invariants.ts';
import { MainProcess } from './support/main-process.ts';
import { readOptions } from './support/options.ts';
import { label, makeJob, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { type Random, seeded } from './support/random.ts';
import { must, report } from './support/report.ts';

/** What goes on beside the load while the service is killed, in turn. */
const WORKS = ['none', 'train', 'rebucket', 'reprocess'] as const;
type Work = (typeof WORKS)[number];

/** What a client knows of one event: what was acknowledged, and what it was sent last and got no answer for. */
interface Known {
  acknowledged: string | null;
  sent: string | null;
  vote: { acknowledged: string | null; sent: string | null } | null;
}

const options = readOptions();
const random = seeded(options.seed);
const KILLS = options.scaled(20, 4);
const CLIENTS = 16;
const KNOWN_KINDS = options.scaled(400, 40);
const LONGEST_RUN_MS = options.size < 1 ? 300 : 1_500;
const known = new Map<string, Known>();
let serial = 1_000_000;

/** One client that sends until the service is gone. */
async function client(main: MainProcess, { key, jobId }: Prepared, name: string, own: Random): Promise<void> {
  const traffic = kindsOfTraffic(own, KNOWN_KINDS, 0.2);
  const mine: string[] = [];
  const event = async (line: HttpLine, id: string, body: string) => {
    const state = stateOf(id);
    state.sent = body;
    const answer = await line.send(request('POST', `/api/v1/events/${id}`, key, `{"job_id":${jobId},"raw_body":${body}}`));
    accept(answer.status, 201, answer.body, () => acknowledge(state, body));
  };
  const bulk = async (line: HttpLine) => {
    const items = Array.from({ length: 1 + own.below(300) }, (_, index) => ({ id: `${name}-${serial}-${index}`, body: fresh() }));
    for (const { id, body } of items) stateOf(id).sent = body;
    const events = items.map(({ id, body }) => `{"event_id":"${id}","raw_body":${body}}`).join(',');
    const answer = await line.send(request('POST', `/api/v1/bulk/${jobId}`, key, `{"events":[${events}]}`));
    accept(answer.status, 201, answer.body, () => {
      const { results } = JSON.parse(answer.body.toString('utf8')) as { results: { event_id: string; status: string }[] };
      for (const [index, result] of results.entries()) {
        // One that was refused because too many are waiting was not acknowledged.
        if (result.status === 'pending_inference') acknowledge(stateOf(result.event_id), items[index]!.body);
      }
    });
  };
  const vote = async (line: HttpLine, id: string) => {
    const state = stateOf(id);
    state.vote ??= { acknowledged: null, sent: null };
    const { vote: said } = state;
    const word = own.next() < 0.8 ? labelOf(own.below(50)) : 'Investigate';
    said.sent = word;
    const content = JSON.stringify({ feedback: word, username: name });
    const answer = await line.send(request('PUT', `/api/v1/events/${jobId}/${id}/feedback`, key, content));
    accept(answer.status, 200, answer.body, () => {
      said.acknowledged = word;
      said.sent = null;
    });
  };
  const fresh = () => alertText(traffic.next().value, serial++, 800);

  const line = await main.open();
  try {
    for (;;) {
      const choice = own.next();
      const old = mine[own.below(Math.max(1, mine.length))];
      if (choice < 0.02) await bulk(line);
      else if (choice < 0.2 && old) await vote(line, old);
      else if (choice < 0.3 && old && stateOf(old).vote === null) await event(line, old, fresh());
      else if (choice < 0.4 && old) await event(line, old, stateOf(old).acknowledged ?? fresh());
      else {
        const id = `${name}-${serial}`;
        await event(line, id, fresh());
        mine.push(id);
      }
    }
  } catch (error) {
    if (error instanceof Unexpected) throw error;
    // The service is gone, as it was meant to be.
  } finally {
    line.close();
  }
}

class Unexpected extends Error {}

function accept(status: number, wanted: number, body: Buffer, then: () => void): void {
  // Back-pressure is an answer too: nothing was stored.
  if (status === 429 || status === 503) return;
  if (status !== wanted) throw new Unexpected(`Answered with ${status}: ${body.toString('utf8', 0, 300)}`);
  then();
}

function acknowledge(state: Known, body: string): void {
  state.acknowledged = body;
  state.sent = null;
}

function stateOf(id: string): Known {
  let state = known.get(id);
  if (!state) {
    state = { acknowledged: null, sent: null, vote: null };
    known.set(id, state);
  }
  return state;
}

/** Asks for a long work, as the operator. */
async function begin(folder: string, { jobId }: Prepared, work: Work, turn: number): Promise<void> {
  if (work === 'none') return;
  const operator = await HttpLine.open(join(folder, 'verdict.sock'));
  const points = turn % 8 < 4 ? POINTS.slice(0, 5) : POINTS.slice(0, 8);
  const asked =
    work === 'train'
      ? request('POST', `/api/app/jobs/${jobId}/train`, '', '{}')
      : work === 'rebucket'
        ? request('PATCH', `/api/app/jobs/${jobId}`, '', JSON.stringify({ decision_points: points }))
        : request('POST', `/api/app/jobs/${jobId}/reprocess`, '', '{"all":true}');
  const answer = await operator.send(asked);
  // A training that cannot begin now, because events are still being put in buckets, is refused: that is an answer as well.
  must(
    answer.status < 300 || answer.status === 409,
    `${work} was answered with ${answer.status}: ${answer.body.toString('utf8')}`,
  );
  operator.close();
}

async function killOnce(folder: string, job: Prepared, turn: number, work: Work): Promise<void> {
  const main = await MainProcess.start(folder);
  const first = await main.open();
  first.close();
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    client(main, job, `c${turn}-${index}`, seeded(options.seed * 10_007 + turn * 101 + index)),
  );
  const all = Promise.all(clients);
  all.catch(() => {});
  await sleep(50 + random.below(LONGEST_RUN_MS / 3));
  await begin(folder, job, work, turn);
  await sleep(random.below(LONGEST_RUN_MS));
  await main.end('SIGKILL');
  await all;
}

/** Everything acknowledged is there once, as it was sent last; what was sent without an answer may be. */
function lost(file: string, jobId: number): string[] {
  const database = new Database(file);
  const current = database.prepare<[number, string], { seq: number; body: string }>(
    'SELECT e.seq, b.body FROM events e JOIN event_bodies b ON b.seq = e.seq WHERE e.job_id = ? AND e.event_id = ? AND e.is_current = 1',
  );
  const votes = database
    .prepare<[number, string], string>(
      'SELECT l.name FROM votes v JOIN labels l ON l.job_id = ? AND l.class_no = v.class_no JOIN events e ON e.seq = v.event_seq AND e.is_current = 1 WHERE e.event_id = ?',
    )
    .pluck();
  const problems: string[] = [];
  for (const [id, state] of known) {
    const rows = current.all(jobId, id);
    if (rows.length > 1) problems.push(`${id} is there ${rows.length} times`);
    const body = rows[0]?.body ?? null;
    if (body !== state.acknowledged && (body === null || body !== state.sent))
      problems.push(`${id} is not as it was acknowledged`);
    if (state.vote) {
      const said = votes.get(jobId, id) ?? null;
      if (said !== state.vote.acknowledged && (said === null || said !== state.vote.sent))
        problems.push(`the vote on ${id} is not as it was acknowledged`);
      // What stands is what the next kill must not take away.
      state.vote = { acknowledged: said, sent: null };
    }
    state.acknowledged = body;
    state.sent = null;
  }
  database.close();
  return problems;
}

/** After the last kill the long works go on by themselves and come to an end. */
async function settle(folder: string): Promise<number> {
  const main = await MainProcess.start(folder);
  (await main.open()).close();
  const operator = await HttpLine.open(join(folder, 'verdict.sock'));
  for (;;) {
    const answer = await operator.send(request('GET', '/api/app/tasks', ''));
    const tasks = JSON.parse(answer.body.toString('utf8')) as { state: string; kind: string }[];
    if (!tasks.some((task) => task.state === 'waiting' || task.state === 'running')) {
      operator.close();
      await main.end('SIGTERM');
      return tasks.length;
    }
    await sleep(50);
  }
}

await withFolder('crash', async (folder) => {
  const file = join(folder, 'verdict.db');
  const job = await withService(folder, async (running) => {
    const prepared = await makeJob(running, POINTS.slice(0, 8));
    await label(running, prepared, KNOWN_KINDS);
    await train(running, prepared);
    return prepared;
  });
  const problems: string[] = [];
  for (let turn = 0; turn < KILLS; turn++) {
    const work = WORKS[turn % WORKS.length]!;
    await killOnce(folder, job, turn, work);
    const found = [...brokenInvariants(file), ...lost(file, job.jobId)];
    problems.push(...found.slice(0, 20).map((problem) => `kill ${turn + 1} (${work}): ${problem}`));
  }
  const tasks = await settle(folder);
  problems.push(...brokenInvariants(file).map((problem) => `at the end: ${problem}`));
  const database = new Database(file);
  const stale = database
    .prepare('SELECT count(*) FROM events e JOIN jobs j ON j.id = e.job_id WHERE e.points_version <> j.points_version')
    .pluck()
    .get();
  if (stale !== 0) problems.push(`at the end: ${String(stale)} events still stand in buckets of older decision points`);
  const training = database.prepare(`SELECT count(*) FROM jobs WHERE train_state = 'RETRAIN_STARTED'`).pluck().get();
  if (training !== 0) problems.push('at the end: a job says that it is being trained, and it is not');
  database.close();
  report('crash', options.size, [
    { name: 'kills', value: KILLS, unit: 'times' },
    {
      name: 'events acknowledged',
      value: [...known.values()].filter((state) => state.acknowledged !== null).length,
      unit: 'events',
    },
    { name: 'long works asked for', value: tasks, unit: 'tasks' },
    { name: 'acknowledged lost, or invariants broken', value: problems.length, unit: 'problems', target: { atMost: 0 } },
  ]);
  must(problems.length === 0, problems.join('\n'));
});
