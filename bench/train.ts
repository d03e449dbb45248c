/** How long a training takes through the service, and whether those who call meanwhile notice. */
import { POINTS } from './support/alerts.ts';
import { HttpLine, request } from './support/http-line.ts';
import { readOptions } from './support/options.ts';
import { label, makeJob, type Prepared, withFolder, withService } from './support/prepare.ts';
import { type Figure, must, quantile, report } from './support/report.ts';
import { ServerProcess } from './support/server-process.ts';

interface JobView {
  readonly retrain_state: string | null;
  readonly retrain_msg: string | null;
}

const options = readOptions();

async function measure(buckets: number, target: number): Promise<Figure[]> {
  return withFolder('train', async (folder) => {
    const job = await withService(folder, async (running) => {
      const prepared = await makeJob(running, POINTS);
      await label(running, prepared, buckets);
      return prepared;
    });
    const service = await ServerProcess.service(folder);
    const line = await HttpLine.open(service.port);
    const view = request('GET', `/api/v1/jobs/${job.jobId}`, job.key);
    // What a first call compiles and reads is not the training's doing.
    for (let call = 0; call < options.scaled(500, 20); call++) await line.send(view);

    await service.watch();
    const { seconds, latencies } = await trainUnderCalls(line, view, job);
    const { stallMs, memoryMb } = await service.sample();
    line.close();
    await service.stop();
    const size = buckets.toLocaleString('en-US');
    return [
      { name: `training on ${size} buckets`, value: seconds, unit: 's', target: { atMost: target } },
      { name: `longest stall meanwhile, ${size} buckets`, value: stallMs, unit: 'ms', target: { atMost: 50 } },
      { name: `calls answered meanwhile, p99, ${size} buckets`, value: quantile(latencies, 0.99), unit: 'ms' },
      { name: `slowest call meanwhile, ${size} buckets`, value: Math.max(...latencies), unit: 'ms' },
      { name: `memory, ${size} buckets`, value: memoryMb, unit: 'MB' },
    ];
  });
}

/** Asks for the job again and again until its training is over. */
async function trainUnderCalls(line: HttpLine, view: Buffer, { jobId, key }: Prepared) {
  const latencies: number[] = [];
  const started = performance.now();
  const asked = await line.send(request('POST', `/api/v1/jobs/${jobId}/train`, key));
  must(asked.body.toString('utf8').includes('"OK"'), `Training could not start: ${asked.body.toString('utf8')}`);
  for (;;) {
    const sent = performance.now();
    const answer = await line.send(view);
    latencies.push(performance.now() - sent);
    const job = JSON.parse(answer.body.toString('utf8')) as JobView;
    if (job.retrain_state === 'RETRAIN_FINISHED') return { seconds: (performance.now() - started) / 1000, latencies };
    must(job.retrain_state === 'RETRAIN_STARTED', `Training ended as ${job.retrain_state}: ${job.retrain_msg}`);
    // Not so fast that the calls take the processor from the training.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const figures: Figure[] = [];
for (const [buckets, target] of [
  [1_000, 5],
  [10_000, 30],
] as const) {
  figures.push(...(await measure(options.scaled(buckets, 40), target)));
}
report('train', options.size, figures);
