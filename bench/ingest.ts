/**
 * How much ingest takes: durable single events over HTTP as a share of what a bare Fastify server takes, and bulk calls as a share of what
 * the bare driver puts into the same tables.
 */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { alertText, kindsOfTraffic, POINTS } from './support/alerts.ts';
import { HttpLine, request, sendAll } from './support/http-line.ts';
import { readOptions } from './support/options.ts';
import { label, makeJob, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { seeded } from './support/random.ts';
import { type Figure, must, quantile, report } from './support/report.ts';
import { ServerProcess } from './support/server-process.ts';

const CONNECTIONS = 64;
/** Bytes of a request's body. */
const BODY = 1_600;
const NEW_SHARE = 0.2;
/** Kinds of alerts that were seen, labelled and trained on before. */
const KNOWN = 1_000;

const options = readOptions();
const known = options.scaled(KNOWN, 40);
const traffic = kindsOfTraffic(seeded(options.seed), known, NEW_SHARE);
let serial = 1_000_000;

/** Requests with distinct bodies, the next of the traffic. */
function singles({ key, jobId }: Prepared, count: number): Buffer[] {
  return Array.from({ length: count }, () => request('POST', '/api/v1/events/', key, eventBody(jobId)));
}

function eventBody(jobId: number): string {
  const frame = `{"job_id":${jobId},"title":"Alert","severity":3,"raw_body":`;
  return `${frame}${alertText(traffic.next().value, serial++, BODY - frame.length - 1)}}`;
}

async function measureSingles(service: ServerProcess, job: Prepared): Promise<Figure[]> {
  const bare = await ServerProcess.bare();
  const rounds = options.scaled(9, 2);
  const count = options.scaled(20_000, 200);
  const rates = { bare: [] as number[], service: [] as number[] };
  const cpu = { bare: [] as number[], service: [] as number[] };
  const take = async (name: 'bare' | 'service', requests: readonly Buffer[], measured: boolean) => {
    const server = name === 'bare' ? bare : service;
    const before = await server.sample();
    const seconds = await sendAll(server.port, CONNECTIONS, requests, 201);
    if (!measured) return;
    rates[name].push(requests.length / seconds);
    cpu[name].push(((await server.sample()).cpuSeconds - before.cpuSeconds) / requests.length);
  };
  // The first round is for the compilers of both.
  for (let round = -1; round < rounds; round++) {
    const requests = singles(job, count);
    const order = round % 2 === 0 ? (['bare', 'service'] as const) : (['service', 'bare'] as const);
    for (const name of order) await take(name, requests, round >= 0);
  }
  await bare.stop();
  const shares = rates.service.map((rate, round) => rate / rates.bare[round]!);
  const cpuShares = cpu.bare.map((seconds, round) => seconds / cpu.service[round]!);
  return [
    { name: 'single events', value: quantile(rates.service, 0.5), unit: 'events/s' },
    { name: 'bare Fastify', value: quantile(rates.bare, 0.5), unit: 'requests/s' },
    {
      name: 'share of bare Fastify',
      value: 100 * quantile(shares, 0.5),
      unit: '%',
      target: { atLeast: 55 },
      note: `median of ${rounds} rounds in turn, ${shares
        .map((share) => Math.round(100 * share))
        .sort((a, b) => a - b)
        .join(' ')}`,
    },
    { name: 'main thread, single event', value: 1e6 * quantile(cpu.service, 0.5), unit: 'µs' },
    { name: 'main thread, bare Fastify', value: 1e6 * quantile(cpu.bare, 0.5), unit: 'µs' },
    { name: 'the same share in main thread time', value: 100 * quantile(cpuShares, 0.5), unit: '%' },
  ];
}

async function measureBulk(service: ServerProcess, job: Prepared, size: number): Promise<Figure[]> {
  const calls = options.scaled(Math.ceil(30_000 / size), 1);
  const events = Math.min(size, options.scaled(size * 10, 50));
  const bodies = Array.from({ length: calls }, () => {
    const items = Array.from({ length: events }, () => eventBody(job.jobId));
    return request('POST', `/api/v1/bulk/${job.jobId}`, job.key, `{"count":${events},"events":[${items.join(',')}]}`);
  });
  const line = await HttpLine.open(service.port);
  await service.watch();
  const rates: number[] = [];
  for (const body of bodies) {
    const started = performance.now();
    const answer = await line.send(body);
    rates.push(events / ((performance.now() - started) / 1000));
    must(answer.status === 201, `A bulk call was answered with ${answer.status}.`);
    const { status, results } = JSON.parse(answer.body.toString('utf8')) as { status: string; results: unknown[] };
    must(status === 'ok' && results.length === events, 'A bulk call did not store all its events.');
  }
  line.close();
  const { stallMs, memoryMb } = await service.sample();
  return [
    { name: `bulk of ${events}`, value: quantile(rates, 0.5), unit: 'events/s', target: { atLeast: 5_000 } },
    { name: `longest stall, bulk of ${events}`, value: stallMs, unit: 'ms' },
    { name: `memory, bulk of ${events}`, value: memoryMb, unit: 'MB' },
  ];
}

/** Puts rows that the service stored into a copy of its tables with the bare driver, in batches of 1,000; events a second. */
function measureDriver(folder: string): number {
  const source = new Database(join(folder, 'verdict.db'), { readonly: true });
  const columns = (table: string) =>
    (source.prepare(`SELECT name FROM pragma_table_info(?)`).pluck().all(table) as string[]).join(', ');
  const rows = (table: string, count: number) =>
    source.prepare(`SELECT * FROM ${table} ORDER BY rowid DESC LIMIT ?`).raw().all(count).reverse() as unknown[][];
  const count = options.scaled(30_000, 100);
  const events = rows('events', count);
  const bodies = rows('event_bodies', count);
  const buckets = rows('buckets', Math.round(count * NEW_SHARE));
  const decisions = rows('decisions', Math.round(count * NEW_SHARE));
  const schema = source.prepare(
    `SELECT sql FROM sqlite_master WHERE tbl_name IN ('jobs', 'events', 'event_bodies', 'buckets', 'decisions') AND sql NOT NULL`,
  );
  const target = new Database(join(folder, 'bare.db'));
  target.pragma('journal_mode = WAL');
  target.pragma('synchronous = FULL');
  target.pragma('cache_size = -16000');
  for (const sql of schema.pluck().all() as string[]) target.exec(sql);
  const insert = (table: string) => {
    const names = columns(table);
    return target.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.replaceAll(/\w+/g, '?')})`);
  };
  const insertJob = insert('jobs');
  for (const row of rows('jobs', 10)) insertJob.run(...row);
  const [event, body, bucket, decision] = [insert('events'), insert('event_bodies'), insert('buckets'), insert('decisions')];
  source.close();
  const started = performance.now();
  for (let from = 0; from < events.length; from += 1_000) {
    target.transaction(() => {
      for (const row of buckets.slice(from * NEW_SHARE, (from + 1_000) * NEW_SHARE)) bucket.run(...row);
      for (const row of decisions.slice(from * NEW_SHARE, (from + 1_000) * NEW_SHARE)) decision.run(...row);
      for (const row of events.slice(from, from + 1_000)) event.run(...row);
      for (const row of bodies.slice(from, from + 1_000)) body.run(...row);
    })();
  }
  const rate = events.length / ((performance.now() - started) / 1000);
  target.close();
  return rate;
}

/** Everything that was answered is stored, decided, and counted. */
async function check(service: ServerProcess, { key, jobId }: Prepared): Promise<void> {
  const line = await HttpLine.open(service.port);
  const job = JSON.parse((await line.send(request('GET', `/api/v1/jobs/${jobId}`, key))).body.toString('utf8')) as {
    processed_documents_count: number;
  };
  line.close();
  const sent = known + serial - 1_000_000;
  must(job.processed_documents_count === sent, `${sent} events were answered, ${job.processed_documents_count} are counted.`);
}

await withFolder('ingest', async (folder) => {
  const job = await withService(folder, async (running) => {
    const prepared = await makeJob(running, POINTS.slice(0, 8));
    await label(running, prepared, known);
    await train(running, prepared);
    return prepared;
  });
  const service = await ServerProcess.service(folder);
  const figures = await measureSingles(service, job);
  for (const size of [1_000, 5_000]) figures.push(...(await measureBulk(service, job, size)));
  await check(service, job);
  await service.stop();

  const stored = new Database(join(folder, 'verdict.db'), { readonly: true });
  const undecided = stored
    .prepare('SELECT count(*) FROM events WHERE decision_id IS NULL AND event_at > 0 AND seq > ?')
    .pluck()
    .get(known);
  const fresh = stored.prepare('SELECT count(*) FROM buckets').pluck().get();
  stored.close();
  must(undecided === 0, `${String(undecided)} events were stored without a decision.`);
  must(Number(fresh) > known, 'The traffic brought no new buckets.');

  const driver = measureDriver(folder);
  const bulk = figures.filter(({ name }) => /^bulk of/.test(name));
  figures.push({ name: 'bare driver, batches of 1,000', value: driver, unit: 'events/s' });
  for (const { name, value } of bulk)
    figures.push({ name: `share of the bare driver, ${name}`, value: (100 * value) / driver, unit: '%' });
  report('ingest', options.size, figures);
});
