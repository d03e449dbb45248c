import { AppInfluence, AppJobParams, AppModelParams, AppPointsAsked, AppPointsPreview } from '@verdict/contract';
import type { Principal } from '../http/principal.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { InfluenceService } from './influence-service.ts';
import type { PointsPreviewService } from './points-preview-service.ts';
import { labelName } from './reasons.ts';

/** Events that a preview looks at where nobody says how many. */
const SAMPLE = 1_000;

/** Trying out decision points, and what the decisions of a model hang on. */
export function pointsRoutesApp(deps: {
  readonly jobs: JobService;
  readonly previews: PointsPreviewService;
  readonly influences: InfluenceService;
  /** @throws Refusal `not_found` where the job has no such model. */
  modelOf(principal: Principal, jobId: number, modelId: number): Promise<unknown>;
}): Route[] {
  const right = { scope: 'read:event_query', role: 'analyst' } as const;
  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/decision-points/preview',
      id: 'appPreviewDecisionPoints',
      summary: 'Show which buckets a choice of decision points would make',
      description: 'Of the newest events; nothing is changed.',
      tag: 'app: AI use cases',
      right,
      params: AppJobParams,
      body: AppPointsAsked,
      response: AppPointsPreview,
      async handler({ principal, params, body }) {
        const job = await deps.jobs.get(principal, params.job_id);
        const found = await deps.previews.preview(job, body.decision_points, body.sample ?? SAMPLE);
        return {
          events: found.events,
          buckets: found.buckets,
          single: found.single,
          empty: found.empty,
          top_10: found.top10,
          top_50: found.top50,
          labelled: found.labelled,
          conflicts: found.conflicts,
          biggest: found.biggest.map(({ values, events, labels }) => ({
            events,
            labels: labels.map((classNo) => labelName(job, classNo)),
            decision_points: body.decision_points.map((point, index) => ({ point, value: values[index] ?? null })),
          })),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/models/{model_id}/influence',
      id: 'appModelInfluence',
      summary: 'Say which decision points the decisions of a model hang on',
      tag: 'app: training',
      right,
      params: AppModelParams,
      response: AppInfluence,
      async handler({ principal, params }) {
        await deps.modelOf(principal, params.job_id, params.model_id);
        const { buckets, points } = await deps.influences.of(params.model_id);
        return {
          buckets,
          points: points.map(({ point, weight, towards, against }) => ({ decision_point: point, weight, towards, against })),
        };
      },
    }),
  ];
}
