/**
 * How long the metrics of a job take over 100,000 stored events, and how long they hold up everybody else: time to the answer over HTTP, and the
 * longest stall of the main thread meanwhile; and against the first answer, which walks over all events, how much less the later ones cost. What
 * they count is checked against counting the events one by one.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Running } from '@verdict/server';
import { alertText, kindsOfTraffic, labelOf, POINTS } from './support/alerts.ts';
import { readOptions } from './support/options.ts';
import { incoming, label, makeJob, OPERATOR, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { seeded } from './support/random.ts';
import { must, quantile, report } from './support/report.ts';

/** Kinds of alerts that were labelled and trained on before the others came. */
const KNOWN = 1_000;
const NEW_SHARE = 0.2;
const ROUNDS = 9;

const options = readOptions();
const events = options.scaled(100_000, 2_000);
const known = options.scaled(KNOWN, 40);

/** Sends events and labels one in a hundred, some of them otherwise than the rule that made them. */
async function fill(running: Running, job: Prepared): Promise<void> {
  const { ingest, feedback } = running.services;
  const traffic = kindsOfTraffic(seeded(options.seed), known, NEW_SHARE);
  for (let from = 0; from < events; from += 500) {
    const kinds = Array.from({ length: Math.min(500, events - from) }, () => traffic.next().value);
    await Promise.all(
      kinds.map((kind, i) => ingest.ingest(incoming(job.jobId, `e${from + i}`, alertText(kind, from + i, 1_600)))),
    );
    const voter = { id: 'user:2', name: 'ben' };
    for (let i = 0; i < kinds.length; i += 100) {
      const said = i === 0 ? 'Escalate' : labelOf(kinds[i]!);
      await feedback.vote(job.jobId, `e${from + i}`, { label: said, voter, through: 'bench', asked: 'import' });
    }
  }
}

/** Decided as people say, and judged at all, counted event by event. */
async function countedOneByOne({ services }: Running, jobId: number): Promise<{ judged: number; right: number }> {
  const rows = await services.storage.read((tx) =>
    tx.all<{ decided: number | null; agreed: number | null }>(
      `SELECT (SELECT class_no FROM decisions WHERE id = e.decision_id) AS decided,
         (SELECT class_no FROM consensus WHERE unit_kind = 'b' AND unit_id = e.bucket_id) AS agreed
       FROM events e WHERE job_id = ? AND is_current = 1`,
      jobId,
    ),
  );
  const judged = rows.filter(({ decided, agreed }) => decided !== null && agreed !== null);
  return { judged: judged.length, right: judged.filter(({ decided, agreed }) => decided === agreed).length };
}

await withFolder('metrics', (folder) =>
  withService(folder, async (running) => {
    const job = await makeJob(running, POINTS.slice(0, 8));
    await label(running, job, known);
    await train(running, job);
    await fill(running, job);
    const { value: key } = await running.services.keys.create(OPERATOR, { name: 'metrics', kind: 'management' });
    const url = `${running.url}/api/v2/metrics/job?job_id=${job.jobId}`;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const [times, work, stalls]: [number[], number[], number[]] = [[], [], []];
    let matrix: number[][] = [];
    let first = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      // Before each answer but the first, something new has come in.
      if (round > 0)
        await running.services.ingest.ingest(incoming(job.jobId, `late${round}`, alertText(round % known, round, 1_600)));
      delay.reset();
      delay.enable();
      const cpu = process.cpuUsage();
      const started = performance.now();
      const answer = await fetch(url, { method: 'POST', headers: { 'x-arcanna-api-key': key } });
      const found = (await answer.json()) as { confusion_matrix: number[][] };
      const took = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      delay.disable();
      must(answer.status === 200, `The metrics were answered with status ${answer.status}.`);
      matrix = found.confusion_matrix;
      // The first counts everything, compiles, and reads the pages of the database.
      if (round === 0) first = user + system;
      else {
        times.push(took);
        work.push((user + system) / 1000);
        stalls.push(delay.max / 1e6);
      }
    }
    const own = await countedOneByOne(running, job.jobId);
    const sum = matrix.flat().reduce((total, count) => total + count, 0);
    const right = matrix.reduce((total, row, i) => total + row[i]!, 0);
    must(sum === own.judged && right === own.right, `${right} of ${sum} counted, but ${own.right} of ${own.judged} one by one.`);
    report('metrics', options.size, [
      { name: 'events', value: events + known + ROUNDS, unit: '' },
      { name: 'judged', value: sum, unit: '', note: `${right} decided as people say` },
      { name: 'first answer, processor time', value: first / 1000, unit: 'ms', note: 'walks over all events' },
      { name: 'first against later answers', value: first / 1000 / quantile(work, 0.5), unit: '×' },
      { name: 'answer, median', value: quantile(times, 0.5), unit: 'ms', note: `of ${ROUNDS}, after one that is not counted` },
      { name: 'processor time of it, median', value: quantile(work, 0.5), unit: 'ms' },
      { name: 'longest stall of the main thread, median', value: quantile(stalls, 0.5), unit: 'ms' },
      { name: 'longest stall of the main thread, worst', value: Math.max(...stalls), unit: 'ms' },
    ]);
  }),
);
