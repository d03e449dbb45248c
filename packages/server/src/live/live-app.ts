import { AppLive, AppModelParams } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import { classId } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { presentMetrics } from '../training/training-app.ts';
import type { LiveService } from './live-service.ts';

/** How models do in use, for people. */
export function liveRoutesApp(deps: { readonly jobs: JobService; readonly live: LiveService }): Route[] {
  const { jobs, live } = deps;
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/models/{model_id}/live',
      id: 'appGetModelLive',
      summary: 'Show how a model does in use, week by week',
      description:
        'On events that people voted on after the model had decided them. What people choose to vote on is not a random sample of all events.',
      tag: 'app: training',
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppModelParams,
      response: AppLive,
      async handler({ principal, params }): Promise<AppLive> {
        const job = await jobs.get(principal, params.job_id);
        const found = await live.of(job, params.model_id);
        return {
          model_id: found.model.id,
          class_ids: found.classNos.map(classId),
          at_training: presentMetrics(found.model.metrics),
          live: {
            all: presentMetrics(found.all),
            new_buckets: presentMetrics(found.newBuckets),
            known_buckets: presentMetrics(found.knownBuckets),
          },
          weeks: found.weeks.map(({ week, metrics }) => ({ week, metrics: presentMetrics(metrics) })),
          truncated: found.truncated,
        };
      },
    }),
  ];
}
