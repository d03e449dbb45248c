import { Cron } from 'croner';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { GuardService } from './guard-service.ts';

/** What of the traffic has moved, in sentences. */
export interface Drifting {
  warnings(job: Job): Promise<readonly string[]>;
}

/**
 * Closes the guards of use cases whose traffic is no longer what their model was trained on: the audits speak of the traffic that they were
 * drawn from. A lead opens them again, and evidence starts anew.
 * @returns the numbers of the jobs whose guards were closed.
 */
export async function closeOnDrift(jobs: JobService, guards: GuardService, drift: Drifting): Promise<number[]> {
  const closed: number[] = [];
  for (const jobId of guards.guarded()) {
    const job = await jobs.find(jobId);
    const [first] = job ? await drift.warnings(job) : [];
    if (first === undefined) continue;
    await guards.closeFor(jobId, `Closed: the traffic has changed. ${first}`);
    closed.push(jobId);
  }
  return closed;
}

/** Looks once a day: each look may raise a false alarm, so more would close guards for nothing. */
export function watchDrift(parts: {
  readonly jobs: JobService;
  readonly guards: GuardService;
  readonly drift: Drifting;
  readonly onError: (error: unknown) => void;
}): { stop(): void } {
  const cron = new Cron('30 4 * * *', { protect: true, unref: true, catch: parts.onError }, async () => {
    await closeOnDrift(parts.jobs, parts.guards, parts.drift);
  });
  return { stop: () => cron.stop() };
}
