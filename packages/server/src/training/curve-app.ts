import { AppLearningCurve, AppModelParams, microsToZ } from '@verdict/contract';
import { type Call, type Route, route } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { isOver } from '../tasks/task-service.ts';
import { presentTask } from '../tasks/tasks-app.ts';
import { readingOf } from './curve.ts';
import type { CurveService, CurveStatus } from './curve-service.ts';
import type { TrainedModel } from './training.ts';
import type { TrainingService } from './training-service.ts';

/** Learning curves for people. */
export function curveRoutesApp(deps: {
  readonly jobs: JobService;
  readonly training: TrainingService;
  readonly curves: CurveService;
}): Route[] {
  const { jobs, training, curves } = deps;
  const tag = 'app: training';
  const path = '/api/app/jobs/{job_id}/models/{model_id}/learning-curve';
  const operate = { scope: 'execute:job_operations', role: 'lead' } as const;

  /** The job and the model, where the caller may see them. */
  async function found({ principal, params }: Pick<Call<AppModelParams>, 'principal' | 'params'>): Promise<[Job, TrainedModel]> {
    const job = await jobs.get(principal, params.job_id);
    return [job, await training.model(job.id, params.model_id)];
  }

  return [
    route({
      method: 'GET',
      path,
      id: 'appGetLearningCurve',
      summary: 'Show how the quality of a model grows with labels',
      description: 'Worked out only when somebody asks for it; then kept with the model.',
      tag,
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppModelParams,
      response: AppLearningCurve,
      async handler(call) {
        const [job, model] = await found(call);
        return presentCurve(model, await curves.status(job, model));
      },
    }),
    route({
      method: 'POST',
      path,
      id: 'appMakeLearningCurve',
      summary: 'Work out the learning curve of a model',
      description:
        'Takes about as long as one to four trainings, behind everything else; trainings go first. Where it is there or being worked out, nothing changes.',
      tag,
      right: operate,
      status: 202,
      params: AppModelParams,
      response: AppLearningCurve,
      async handler(call) {
        const [job, model] = await found(call);
        return presentCurve(model, await curves.start(job, model, call.origin));
      },
    }),
    route({
      method: 'POST',
      path: `${path}/cancel`,
      id: 'appCancelLearningCurve',
      summary: 'End the work on a learning curve',
      tag,
      right: operate,
      params: AppModelParams,
      response: AppLearningCurve,
      async handler(call) {
        const [job, model] = await found(call);
        return presentCurve(model, await curves.cancel(job, model, call.origin));
      },
    }),
  ];
}

function presentCurve(model: TrainedModel, { curve: stored, task, unit, missing }: CurveStatus): AppLearningCurve {
  return {
    model_id: model.id,
    state: stored ? 'done' : task && !isOver(task) ? 'running' : 'none',
    task: task ? presentTask(task) : null,
    missing,
    unit,
    curve: stored
      ? {
          made_at: microsToZ(stored.madeAt),
          made_by: stored.madeBy,
          held_out: stored.curve.heldOut,
          clusters: stored.curve.clusters,
          points: stored.curve.points.map((point) => ({
            units: point.buckets,
            accuracy: point.accuracy,
            macro_f1: point.macroF1,
            log_loss: point.logLoss,
            missed_escalations: point.missedEscalations,
            share_at_95: point.shareAt95,
          })),
          last_doubling: stored.curve.lastDoubling && { ...stored.curve.lastDoubling },
          reading: readingOf(stored.curve, unit),
        }
      : null,
  };
}
