/**
 * How long questions about events take over HTTP, cold and warm, while nothing else happens; how fast the search index takes events in and how
 * far it falls behind a burst; and how much ingest is left while people search.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertText, kindsOfTraffic, POINTS } from './support/alerts.ts';
import { HttpLine, request } from './support/http-line.ts';
import { readOptions } from './support/options.ts';
import { makeJob, OPERATOR, type Prepared, withFolder, withService } from './support/prepare.ts';
import { seeded } from './support/random.ts';
import { type Figure, must, quantile, report } from './support/report.ts';
import { ServerProcess } from './support/server-process.ts';

/** Bytes of an alert. */
const BODY = 1_600;
const PER_CALL = 500;
/** Measured calls of each question. */
const REPEATS = 20;
const FACETS = ['rule.name', 'rule.severity', 'host.os', 'event.category', 'network.protocol'];

const options = readOptions(['keep', 'parts', 'minutes']);
const events = options.scaled(1_000_000, 2_000);
const traffic = kindsOfTraffic(seeded(options.seed), options.scaled(20_000, 200), 0.2);
let serial = 0;

function bulk({ key, jobId }: Prepared, count: number): Buffer {
  const items = Array.from(
    { length: count },
    () => `{"job_id":${jobId},"raw_body":${alertText(traffic.next().value, serial++, BODY)}}`,
  );
  return request('POST', `/api/v1/bulk/${jobId}`, key, `{"count":${count},"events":[${items.join(',')}]}`);
}

/** Sends so many events; the rate at which they were taken, with making them left out. */
async function fill(line: HttpLine, job: Prepared, count: number): Promise<number> {
  let milliseconds = 0;
  for (let left = count; left > 0; left -= PER_CALL) {
    const body = bulk(job, Math.min(PER_CALL, left));
    const started = performance.now();
    const answer = await line.send(body);
    milliseconds += performance.now() - started;
    must(answer.status === 201, `A bulk call was answered with ${answer.status}.`);
  }
  return count / (milliseconds / 1000);
}

async function lagOf(line: HttpLine, key: string): Promise<number> {
  const { body } = await line.send(request('GET', '/metrics', key));
  const found = /^verdict_search_lag_events (\d+)/m.exec(body.toString('utf8'));
  must(found !== null, 'The metrics do not tell the lag of the search index.');
  return Number(found[1]);
}

/** Waits until every event is in the index; seconds. */
async function indexed(line: HttpLine, key: string): Promise<number> {
  const started = performance.now();
  for (;;) {
    // The thread tells how far it is a few times a second: what it said before the last event was stored does not count.
    await new Promise((resolve) => setTimeout(resolve, 600));
    if ((await lagOf(line, key)) === 0) return (performance.now() - started) / 1000;
  }
}

/** Waits until all columns are there that were asked for. */
async function columnsBuilt(line: HttpLine, key: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (;;) {
    const { body } = await line.send(request('GET', '/metrics', key));
    if (/^verdict_search_pieces_missing 0$/m.test(body.toString('utf8'))) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

interface Question {
  readonly name: string;
  readonly path: string;
  readonly body: object;
  readonly target: number;
  /** Picks out of the answer how many events it is about. */
  total(answer: { total_count?: number; hits?: { total: { value: number } } }): number | undefined;
}

function questions(jobId: number): Question[] {
  const time = (second: number): string => new Date(Date.UTC(2025, 0, 1) + second * 1000).toISOString();
  const query = (name: string, target: number, filters: object[]): Question => ({
    name,
    path: '/api/v2/events/query',
    body: { job_ids: jobId, size: 50, filters },
    target,
    total: (answer) => answer.total_count,
  });
  const elastic = (name: string, target: number, body: object): Question => ({
    name,
    path: '/api/v2/events/raw_es_query',
    body: { job_ids: jobId, query_body: body },
    target,
    total: (answer) => answer.hits?.total.value,
  });
  const is = (field: string, value: unknown) => ({ field, operator: 'is', value });
  const from = Math.floor(events / 2);
  const day = { range: { '@timestamp': { gte: time(from), lt: time(from + Math.min(20_000, events / 4)) } } };
  const terms = (field: string, size = 10) => ({ terms: { field, size } });
  return [
    query('newest 50, two filters', 50, [is('rule.severity', 3), is('host.os', 'Windows 11')]),
    query('any field equal', 50, [is('user.name', 'user17')]),
    query('any field equal, deep', 50, [is('destination.port', 3389), is('source.ip', '10.1.2.3')]),
    elastic('words', 100, { size: 50, query: { multi_match: { query: 'powershell encoded 7', operator: 'and' } } }),
    elastic('five facets of at most 50,000', 300, {
      size: 0,
      query: {
        bool: { filter: [{ range: { '@timestamp': { gte: time(from), lt: time(from + Math.min(50_000, events / 2)) } } }] },
      },
      aggs: Object.fromEntries(FACETS.map((field) => [field, terms(field)])),
    }),
    elastic('date histogram of a job', 300, {
      size: 0,
      aggs: { days: { date_histogram: { field: '@timestamp', fixed_interval: '1h' } } },
    }),
    elastic('terms of a cold field of 20,000', 300, { size: 0, query: day, aggs: { extensions: terms('file.extension') } }),
  ];
}

/** Asks once; milliseconds, and how many events the answer is about. */
async function once(line: HttpLine, key: string, question: Question): Promise<{ readonly ms: number; readonly about: number }> {
  const started = performance.now();
  const answer = await line.send(request('POST', question.path, key, JSON.stringify(question.body)));
  const ms = performance.now() - started;
  must(answer.status === 200, `"${question.name}" was answered with ${answer.status}: ${answer.body.toString('utf8', 0, 300)}`);
  return { ms, about: question.total(JSON.parse(answer.body.toString('utf8')) as { total_count?: number }) ?? 0 };
}

/** All questions cold, once more, and then many times over: what is asked for again has its columns by then. */
async function measure(line: HttpLine, key: string, asked: readonly Question[]): Promise<Figure[]> {
  const cold: number[] = [];
  for (const question of asked) cold.push((await once(line, key, question)).ms);
  for (const question of asked) await once(line, key, question);
  await columnsBuilt(line, key);
  const figures: Figure[] = [];
  for (const [index, question] of asked.entries()) {
    const warm: number[] = [];
    let about = 0;
    for (let run = 0; run < REPEATS; run++) {
      const { ms, about: found } = await once(line, key, question);
      warm.push(ms);
      about = found;
    }
    const note = `of ${about.toLocaleString('en-US')} events; p95 ${Math.round(quantile(warm, 0.95))} ms, cold ${Math.round(cold[index]!)} ms`;
    figures.push({ name: question.name, value: quantile(warm, 0.5), unit: 'ms', target: { atMost: question.target }, note });
  }
  return figures;
}

/** Asks one question after the other until told to stop; returns how many were answered. */
async function keepAsking(port: number, key: string, asked: readonly Question[], ended: () => boolean): Promise<number> {
  const line = await HttpLine.open(port);
  let answered = 0;
  while (!ended()) {
    const question = asked[answered % asked.length]!;
    const answer = await line.send(request('POST', question.path, key, JSON.stringify(question.body)));
    must(answer.status === 200, `"${question.name}" was answered with ${answer.status} during ingest.`);
    answered++;
  }
  line.close();
  return answered;
}

/** What is known of a prepared folder. */
interface Stored extends Prepared {
  /** The key that asks; `key` is the one that alerts come in with. */
  readonly asking: string;
  readonly events: number;
}

/** Makes a use case in a new folder, and fills it. */
async function prepare(folder: string): Promise<{ readonly stored: Stored; readonly figures: readonly Figure[] }> {
  const { job, asking } = await withService(folder, async (running) => {
    const made = await makeJob(running, POINTS.slice(0, 8));
    const scopes = ['read:event_query', 'read:job_metrics'];
    const { value } = await running.services.keys.create(OPERATOR, { name: 'search', kind: 'management', scopes });
    return { job: made, asking: value };
  });
  const service = await ServerProcess.service(folder);
  const line = await HttpLine.open(service.port);
  const rate = await fill(line, job, events);
  const lag = await lagOf(line, asking);
  const caughtUp = await indexed(line, asking);
  line.close();
  await service.stop();
  return {
    stored: { ...job, asking, events },
    figures: [
      { name: 'ingest while the index follows', value: rate, unit: 'events/s', note: `bulk calls of ${PER_CALL}` },
      { name: 'lag of the index after the burst', value: lag, unit: 'events', note: `gone after ${caughtUp.toFixed(1)} s` },
      { name: 'index catching up', value: lag / caughtUp, unit: 'events/s' },
    ],
  };
}
/** Prepares a folder, or takes one that was prepared before. */
async function prepared(folder: string): Promise<{ readonly stored: Stored; readonly figures: readonly Figure[] }> {
  const note = join(folder, 'bench.json');
  if (existsSync(note)) return { stored: JSON.parse(readFileSync(note, 'utf8')) as Stored, figures: [] };
  mkdirSync(folder, { recursive: true });
  const made = await prepare(folder);
  writeFileSync(note, JSON.stringify(made.stored));
  return made;
}

/** What the questions take, with nothing else going on, and how much memory the service has before and after. */
async function ask(service: ServerProcess, line: HttpLine, stored: Stored): Promise<Figure[]> {
  const figures: Figure[] = [];
  const { memoryMb: atRest } = await service.sample();
  figures.push({ name: 'memory at rest', value: atRest, unit: 'MB', target: { atMost: 400 } });
  figures.push(...(await measure(line, stored.asking, questions(stored.jobId))));
  const { memoryMb } = await service.sample();
  figures.push({ name: 'memory after the questions', value: memoryMb, unit: 'MB', target: { atMost: 800 } });
  return figures;
}

/** How much ingest is left while people search. */
async function beside(service: ServerProcess, line: HttpLine, stored: Stored): Promise<Figure[]> {
  const burst = options.scaled(50_000, 1_000);
  const alone = await fill(line, stored, burst);
  await indexed(line, stored.asking);
  let ended = false;
  const asking = keepAsking(service.port, stored.asking, questions(stored.jobId), () => ended);
  const rate = await fill(line, stored, burst);
  ended = true;
  const answered = await asking;
  const note = `${Math.round(rate)} of ${Math.round(alone)} events/s, ${answered} searches`;
  const { memoryMb } = await service.sample();
  return [
    { name: 'ingest while searches run', value: (100 * rate) / alone, unit: '%', target: { atLeast: 60 }, note },
    { name: 'memory under load', value: memoryMb, unit: 'MB', target: { atMost: 800 } },
  ];
}

/** Sends as fast as alerts are taken for some minutes, and looks how far the index falls behind. */
async function keepUp(line: HttpLine, stored: Stored, minutes: number): Promise<Figure[]> {
  const before = await lagOf(line, stored.asking);
  const started = performance.now();
  let sent = 0;
  let furthest = 0;
  while (performance.now() - started < minutes * 60_000) {
    await fill(line, stored, 10 * PER_CALL);
    sent += 10 * PER_CALL;
    furthest = Math.max(furthest, await lagOf(line, stored.asking));
  }
  const seconds = (performance.now() - started) / 1000;
  const lag = await lagOf(line, stored.asking);
  const caughtUp = await indexed(line, stored.asking);
  const note = `${Math.round(sent / seconds)} events/s came in for ${minutes} minutes; at most ${furthest} behind, ${lag} at the end, gone after ${caughtUp.toFixed(1)} s`;
  return [{ name: 'index keeps up with', value: (sent + before - lag) / seconds, unit: 'events/s', note }];
}

async function run(folder: string): Promise<void> {
  const { stored, figures: filling } = await prepared(folder);
  serial = stored.events;
  const service = await ServerProcess.service(folder);
  const line = await HttpLine.open(service.port);
  const figures: Figure[] = [...filling];
  // The first question waits until the index of the service has been opened.
  const count = { job_ids: stored.jobId, count_results_only: true };
  const { status } = await line.send(request('POST', '/api/v2/events/query', stored.asking, JSON.stringify(count)));
  must(status === 200, `Counting the events was answered with ${status}.`);
  await columnsBuilt(line, stored.asking);
  const parts = (options.own.parts ?? 'questions,ingest,index').split(',');
  const minutes = Number(options.own.minutes ?? 10 * options.size);
  if (parts.includes('questions')) figures.push(...(await ask(service, line, stored)));
  if (parts.includes('ingest')) figures.push(...(await beside(service, line, stored)));
  if (parts.includes('index')) figures.push(...(await keepUp(line, stored, minutes)));
  line.close();
  await service.stop();
  report('search', options.size, figures);
}

const { keep } = options.own;
// What is kept is prepared once; the events that ingest adds to it stay there.
if (keep === undefined) await withFolder('search', run);
else await run(keep);
