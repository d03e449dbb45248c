import { AppDrift, AppJobParams, microsToZ } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { DriftService } from './drift-service.ts';

/** What has moved since the active model was trained, for people. */
export function driftRoutesApp(deps: { readonly jobs: JobService; readonly drift: DriftService }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/drift',
      id: 'appGetDrift',
      summary: 'Say what has moved since the active model was trained',
      tag: 'app: training',
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppJobParams,
      response: AppDrift,
      async handler({ principal, params }): Promise<AppDrift> {
        const job = await deps.jobs.get(principal, params.job_id);
        const found = await deps.drift.of(job);
        return {
          model_id: found?.modelId ?? null,
          from: found ? microsToZ(found.from) : null,
          to: found ? microsToZ(found.to) : null,
          events_at_training: found?.report.reference ?? 0,
          events: found?.report.recent ?? 0,
          warnings: [...(found?.report.warnings ?? [])],
          findings: (found?.report.findings ?? []).map((finding) => ({ ...finding })),
        };
      },
    }),
  ];
}
