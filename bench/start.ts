/** How long the service takes from its start to its first answer over a folder with many events, and how much memory it has then. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertText, kindsOfTraffic, POINTS } from './support/alerts.ts';
import { request } from './support/http-line.ts';
import { MainProcess } from './support/main-process.ts';
import { readOptions } from './support/options.ts';
import { incoming, label, makeJob, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { seeded } from './support/random.ts';
import { must, quantile, report } from './support/report.ts';

const EVENTS = 200_000;

const options = readOptions();
const events = options.scaled(EVENTS, 500);

/** Stores the events, as a service does that has been running for a while. */
async function fill(folder: string): Promise<Prepared> {
  return withService(folder, async (running) => {
    const job = await makeJob(running, POINTS);
    const known = options.scaled(1_000, 40);
    await label(running, job, known);
    await train(running, job);
    const traffic = kindsOfTraffic(seeded(options.seed), known, 0.02);
    for (let stored = known; stored < events; stored += 2_000) {
      const batch = Array.from({ length: Math.min(2_000, events - stored) }, (_, index) =>
        running.services.ingest.ingest(incoming(job.jobId, null, alertText(traffic.next().value, stored + index, 1_000))),
      );
      await Promise.all(batch);
    }
    return job;
  });
}

/** Starts `main.ts` and asks until it answers; seconds until then, and megabytes a moment after. */
async function start(folder: string, { jobId, key }: Prepared): Promise<{ seconds: number; memory: number }> {
  const started = performance.now();
  const main = await MainProcess.start(folder);
  const line = await main.open();
  const answer = await line.send(request('GET', `/api/v1/jobs/${jobId}`, key));
  const seconds = (performance.now() - started) / 1000;
  must(answer.status === 200, `The first answer was ${answer.status}.`);
  const { processed_documents_count: stored } = JSON.parse(answer.body.toString('utf8')) as { processed_documents_count: number };
  must(stored === events, `${events} events were stored, the service counts ${stored}.`);
  line.close();
  await sleep(1_000);
  const memory = residentMb(main.pid);
  await main.end('SIGTERM');
  return { seconds, memory };
}

/** Linux tells the memory of another process; NaN elsewhere. */
function residentMb(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

await withFolder('start', async (folder) => {
  const job = await fill(folder);
  const starts = [];
  for (let turn = 0; turn < options.scaled(5, 1); turn++) starts.push(await start(folder, job));
  const seconds = starts.map((one) => one.seconds);
  report('start', options.size, [
    { name: 'events stored', value: events, unit: 'events' },
    { name: 'start to first answer, median', value: quantile(seconds, 0.5), unit: 's', target: { atMost: 2 } },
    { name: 'start to first answer, slowest', value: Math.max(...seconds), unit: 's' },
    {
      name: 'memory then',
      value: quantile(
        starts.map((one) => one.memory),
        0.5,
      ),
      unit: 'MB',
      target: { atMost: 400 },
    },
  ]);
});
