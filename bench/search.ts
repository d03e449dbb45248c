/**
 * How long questions about events take over HTTP, cold and warm, while nothing else happens; how fast the search index takes events in and how
 * far it falls behind a burst; and how much ingest is left while people search.
 */

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
/** Measured calls of each question, after the first. */
const REPEATS = 20;
const FACETS = ['rule.name', 'rule.severity', 'host.os', 'event.category', 'network.protocol'];

const options = readOptions();
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
    elastic('terms of a cold field of 20,000', 300, { size: 0, query: day, aggs: { commands: terms('process.command_line') } }),
  ];
}

async function measure(line: HttpLine, key: string, question: Question): Promise<Figure[]> {
  const bytes = request('POST', question.path, key, JSON.stringify(question.body));
  const times: number[] = [];
  let about = 0;
  for (let run = 0; run <= REPEATS; run++) {
    const started = performance.now();
    const answer = await line.send(bytes);
    times.push(performance.now() - started);
    must(answer.status === 200, `"${question.name}" was answered with ${answer.status}: ${answer.body.toString('utf8', 0, 300)}`);
    about = question.total(JSON.parse(answer.body.toString('utf8')) as { total_count?: number }) ?? 0;
  }
  const warm = times.slice(1);
  const note = `of ${about.toLocaleString('en-US')} events; p95 ${Math.round(quantile(warm, 0.95))} ms, cold ${Math.round(times[0]!)} ms`;
  return [{ name: question.name, value: quantile(warm, 0.5), unit: 'ms', target: { atMost: question.target }, note }];
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

await withFolder('search', async (folder) => {
  const { job, key } = await withService(folder, async (running) => {
    const made = await makeJob(running, POINTS.slice(0, 8));
    const scopes = ['read:event_query', 'read:job_metrics'];
    const { value } = await running.services.keys.create(OPERATOR, { name: 'search', kind: 'management', scopes });
    return { job: made, key: value };
  });
  const service = await ServerProcess.service(folder);
  const line = await HttpLine.open(service.port);
  const figures: Figure[] = [];

  const rate = await fill(line, job, events);
  const lag = await lagOf(line, key);
  const caughtUp = await indexed(line, key);
  figures.push(
    { name: 'ingest while the index follows', value: rate, unit: 'events/s', note: `bulk calls of ${PER_CALL}` },
    { name: 'lag of the index after the burst', value: lag, unit: 'events', note: `gone after ${caughtUp.toFixed(1)} s` },
    { name: 'index catching up', value: lag / caughtUp, unit: 'events/s' },
  );

  const asked = questions(job.jobId);
  for (const question of asked) figures.push(...(await measure(line, key, question)));

  const burst = options.scaled(50_000, 1_000);
  const alone = await fill(line, job, burst);
  await indexed(line, key);
  let ended = false;
  const asking = keepAsking(service.port, key, asked, () => ended);
  const beside = await fill(line, job, burst);
  ended = true;
  const answered = await asking;
  figures.push({
    name: 'ingest while searches run',
    value: (100 * beside) / alone,
    unit: '%',
    target: { atLeast: 60 },
    note: `${Math.round(beside)} of ${Math.round(alone)} events/s, ${answered} searches`,
  });
  const { memoryMb } = await service.sample();
  figures.push({ name: 'memory', value: memoryMb, unit: 'MB' });
  line.close();
  await service.stop();
  report('search', options.size, figures);
});
