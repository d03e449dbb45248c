/** How long a training takes through the service, the first one and a later one, whether those who call meanwhile notice, and how many trainings a learning curve is worth. */
import { POINTS } from './support/alerts.ts';
import { HttpLine, request } from './support/http-line.ts';
import { readOptions } from './support/options.ts';
import { label, makeJob, OPERATOR, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { type Figure, must, quantile, report } from './support/report.ts';
import { ServerProcess } from './support/server-process.ts';

interface JobView {
  readonly retrain_state: string | null;
  readonly retrain_msg: string | null;
}

const options = readOptions();

async function measure(what: string, buckets: number, known: number, target: number): Promise<Figure[]> {
  return withFolder('train', async (folder) => {
    const { manager, ...job } = await withService(folder, async (running) => {
      const prepared = await makeJob(running, POINTS);
      await label(running, prepared, known === 0 ? buckets : known);
      if (known > 0) {
        await train(running, prepared);
        await label(running, prepared, buckets, known);
      }
      const scopes = ['read:resources', 'execute:job_operations'];
      const { value } = await running.services.keys.create(OPERATOR, { name: 'bench', kind: 'management', scopes });
      return { ...prepared, manager: value };
    });
    const service = await ServerProcess.service(folder);
    const line = await HttpLine.open(service.port);
    const view = request('GET', `/api/v1/jobs/${job.jobId}`, job.key);
    // What a first call compiles and reads is not the training's doing.
    for (let call = 0; call < options.scaled(500, 20); call++) await line.send(view);

    await service.watch();
    const { seconds, latencies } = await trainUnderCalls(line, view, job);
    const { stallMs, memoryMb } = await service.sample();
    const curve = await curveAfter(line, job.jobId, manager);
    line.close();
    await service.stop();
    return [
      { name: what, value: seconds, unit: 's', target: { atMost: target } },
      { name: `longest stall meanwhile; ${what}`, value: stallMs, unit: 'ms', target: { atMost: 50 } },
      { name: `calls answered meanwhile, p99; ${what}`, value: quantile(latencies, 0.99), unit: 'ms' },
      { name: `slowest call meanwhile; ${what}`, value: Math.max(...latencies), unit: 'ms' },
      { name: `memory; ${what}`, value: memoryMb, unit: 'MB' },
      ...(curve === null
        ? []
        : [{ name: `learning curve; ${what}`, value: curve / seconds, unit: 'trainings', target: { atMost: 4 } }]),
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

/** Works out the learning curve of the new model; seconds, or null where there is too little for one. */
async function curveAfter(line: HttpLine, jobId: number, key: string): Promise<number | null> {
  const models = await line.send(request('GET', `/api/app/jobs/${jobId}/models`, key));
  const [{ model_id: modelId }] = JSON.parse(models.body.toString('utf8')) as [{ model_id: number }];
  const path = `/api/app/jobs/${jobId}/models/${modelId}/learning-curve`;
  const started = performance.now();
  const asked = await line.send(request('POST', path, key));
  if (asked.status === 409) return null;
  for (;;) {
    const answer = await line.send(request('GET', path, key));
    const { state } = JSON.parse(answer.body.toString('utf8')) as { state: string };
    if (state === 'done') return (performance.now() - started) / 1000;
    must(state === 'running', `The learning curve ended as ${state}: ${answer.body.toString('utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const [thousand, tenThousand] = [options.scaled(1_000, 40), options.scaled(10_000, 40)];
report('train', options.size, [
  ...(await measure('training on 1,000 buckets', thousand, 0, 5)),
  ...(await measure('again with 300 new ones, beside the active model', thousand, Math.floor(0.7 * thousand), 5)),
  ...(await measure('training on 10,000 buckets', tenThousand, 0, 30)),
]);
