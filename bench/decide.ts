/** How long a decision takes as the service makes it: values and key of an alert with 20 decision points, then look-up or model and row. */
import { parseAlert } from '@verdict/engine';
import { alertText, POINTS } from './support/alerts.ts';
import { readOptions } from './support/options.ts';
import { label, makeJob, train, withFolder, withService } from './support/prepare.ts';
import { type Figure, must, quantile, report } from './support/report.ts';

/** Decisions in one unit of work, as a busy ingest has them. */
const PER_UNIT = 100;
/** So many decisions are made before any is measured, for the compiler. */
const WARM_UP = 2_000;

const options = readOptions();

async function measure(buckets: number): Promise<Figure[]> {
  return withFolder('decide', (folder) =>
    withService(folder, async (running) => {
      const { storage, jobs, decisions } = running.services;
      const prepared = await makeJob(running, POINTS);
      await label(running, prepared, buckets);
      await train(running, prepared);
      const job = (await jobs.find(prepared.jobId))!;
      const points = decisions.compile(job.points);

      const decide = async (kinds: readonly number[]): Promise<number[]> => {
        const micros: number[] = [];
        for (let from = 0; from < kinds.length; from += PER_UNIT) {
          const alerts = kinds.slice(from, from + PER_UNIT).map((kind) => parseAlert(alertText(kind, kind, 1_500)));
          await decisions.prepare(job);
          await storage.write(async (tx) => {
            for (const alert of alerts) {
              const started = performance.now();
              const values = points.values(alert);
              const decided = await decisions.decideIn(tx, job, () => alert, { values, key: points.key(values) });
              micros.push((performance.now() - started) * 1000);
              must(decided !== undefined && decided.classNo !== null, 'An alert got no decision.');
            }
          });
        }
        return micros;
      };

      const fresh = (count: number, from: number) => Array.from({ length: count }, (_, index) => from + index);
      const count = options.scaled(5_000, 50);
      await decide(fresh(options.scaled(WARM_UP, 20), 2 * buckets));
      const first = await decide(fresh(count, 4 * buckets + WARM_UP));
      const again = await decide(fresh(count, 4 * buckets + WARM_UP));
      const size = buckets.toLocaleString('en-US');
      return [
        { name: `decided already, ${size} buckets, median`, value: quantile(again, 0.5), unit: 'µs', target: { atMost: 20 } },
        { name: `decided already, ${size} buckets, p95`, value: quantile(again, 0.95), unit: 'µs' },
        { name: `new values, ${size} buckets, median`, value: quantile(first, 0.5), unit: 'µs' },
        { name: `new values, ${size} buckets, p95`, value: quantile(first, 0.95), unit: 'µs', target: { atMost: 1_000 } },
      ];
    }),
  );
}

const figures: Figure[] = [];
for (const buckets of [1_000, 10_000]) figures.push(...(await measure(options.scaled(buckets, 40))));
report('decide', options.size, figures);
