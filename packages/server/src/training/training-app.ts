import {
  type AppComparison,
  AppJobParams,
  AppModel,
  AppModelParams,
  AppModels,
  AppTraining,
  AppTrainRequested,
  microsToZ,
} from '@verdict/contract';
import type { ModelMetrics } from '@verdict/engine';
import { labelName } from '../decisions/reasons.ts';
import { type Route, route } from '../http/route.ts';
import { classId, type Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { presentTask } from '../tasks/tasks-app.ts';
import type { Comparison } from './comparison.ts';
import type { TrainedModel } from './training.ts';
import type { TrainingService, TrainingStatus } from './training-service.ts';

/** Training and models for people. */
export function trainingRoutesApp(deps: { readonly jobs: JobService; readonly training: TrainingService }): Route[] {
  const { jobs, training } = deps;
  const tag = 'app: training';
  const read = { scope: 'read:resources', role: 'analyst' } as const;
  const operate = { scope: 'execute:job_operations', role: 'lead' } as const;

  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/training',
      id: 'appGetTraining',
      summary: 'Show how the training stands and what it still needs',
      tag,
      right: read,
      params: AppJobParams,
      response: AppTraining,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return presentTraining(await training.status(job.id));
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/train',
      id: 'appTrain',
      summary: 'Train a model from the feedback',
      tag,
      right: operate,
      params: AppJobParams,
      response: AppTrainRequested,
      async handler({ principal, params, origin }) {
        const job = await jobs.get(principal, params.job_id);
        const { ok, sentence, taskId } = await training.requestTraining(job.id, origin);
        return { ok, message: sentence, task_id: taskId ?? null };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/models',
      id: 'appListModels',
      summary: 'List the models, newest first',
      tag,
      right: read,
      params: AppJobParams,
      response: AppModels,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return (await training.models(job.id)).map((model) => presentModel(job, model));
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/models/{model_id}',
      id: 'appGetModel',
      summary: 'Show a model and its figures',
      tag,
      right: read,
      params: AppModelParams,
      response: AppModel,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return presentModel(job, await training.model(job.id, params.model_id));
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/models/{model_id}/activate',
      id: 'appActivateModel',
      summary: 'Let a model, also an older one, decide new events',
      description: 'Stored events keep their decisions until they are reprocessed.',
      tag,
      right: operate,
      params: AppModelParams,
      response: AppModel,
      async handler({ principal, params, origin }) {
        const job = await jobs.get(principal, params.job_id);
        return presentModel({ ...job, activeModelId: params.model_id }, await training.activate(job.id, params.model_id, origin));
      },
    }),
  ];
}

function presentTraining(status: TrainingStatus): AppTraining {
  const at = (micros: number | null) => (micros === null ? null : microsToZ(micros));
  return {
    state: status.state,
    message: status.message,
    started_at: at(status.startedAt),
    finished_at: at(status.finishedAt),
    task: status.task ? presentTask(status.task) : null,
    ready: status.missing === null,
    missing: status.missing,
    unit: status.unit,
    labels: status.labels.map(({ classNo, name, units }) => ({ class_id: classId(classNo), label: name, units })),
    undecided: status.undecided,
  };
}

function presentModel(job: Job, model: TrainedModel): AppModel {
  return {
    model_id: model.id,
    job_id: model.jobId,
    active: model.id === job.activeModelId,
    created_at: microsToZ(model.createdAt),
    created_by: model.createdBy,
    activated_at: model.activatedAt === null ? null : microsToZ(model.activatedAt),
    message: model.message,
    decision_points: [...model.points],
    decision_points_version: model.pointsVersion,
    class_ids: [...model.classes],
    units: model.units,
    size: model.size,
    sha256: model.sha256,
    metrics: presentMetrics(model.metrics),
    set_aside: model.setAside.map((one) => ({ ...one })),
    comparison: model.comparison && presentComparison(job, model.comparison),
  };
}

/** Figures in the words of the app API. */
export function presentMetrics(metrics: ModelMetrics): AppModel['metrics'] {
  return {
    rows: metrics.rows,
    accuracy: metrics.accuracy,
    macro_f1: metrics.macroF1,
    log_loss: metrics.logLoss,
    brier: metrics.brier,
    ece: metrics.ece,
    confusion: metrics.confusion.map((row) => [...row]),
    share_at_95: metrics.shareAt95,
    reliability: metrics.reliability.map((bin) => ({ ...bin })),
  };
}

function presentComparison(job: Job, comparison: Comparison): AppComparison {
  const { missed, logLoss, champion, challenger } = comparison;
  const named = (classNo: number | null) => (classNo === null ? null : labelName(job, classNo));
  return {
    champion_model_id: comparison.championId,
    held_out: comparison.heldOut,
    clusters: comparison.clusters,
    since: comparison.since === null ? null : microsToZ(comparison.since),
    worse: comparison.worse,
    sentence: comparison.sentence,
    missed_escalations: missed && { before: missed.champion, after: missed.challenger, test: { ...missed.test } },
    missed: comparison.missedEscalations.map((entry) => ({
      event_id: entry.eventId,
      unit: entry.unit,
      label: labelName(job, entry.classNo),
      before: named(entry.championSays),
      after: named(entry.challengerSays),
    })),
    log_loss: logLoss && { ...logLoss },
    before: champion && presentMetrics(champion),
    after: challenger && presentMetrics(challenger),
  };
}
