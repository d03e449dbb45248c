import { AppEventParams, AppJobParams, AppReprocess, AppReprocessed, AppTask, parseTimestamp } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import { presentTask } from '../tasks/tasks-app.ts';
import type { ReprocessService } from './reprocess-service.ts';
import type { Selection } from './reprocess-task.ts';

/** Deciding stored events again, for people. */
export function reprocessRoutesApp(deps: { readonly jobs: JobService; readonly reprocess: ReprocessService }): Route[] {
  const { jobs, reprocess } = deps;
  const tag = 'app: events';
  const right = { scope: 'execute:reprocess_events', role: 'lead' } as const;

  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/reprocess',
      id: 'appReprocess',
      summary: 'Decide stored events again by the active model',
      description: 'By ids, by the time of the events, or all. What was decided before stays in the history of each event.',
      tag,
      right,
      params: AppJobParams,
      body: AppReprocess,
      status: 202,
      response: AppTask,
      async handler({ principal, params, body, origin }) {
        const job = await jobs.get(principal, params.job_id);
        return presentTask(await reprocess.request(job.id, readSelection(body), origin));
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/events/{event_id}/reprocess',
      id: 'appReprocessEvent',
      summary: 'Decide one event again by the active model',
      tag,
      right,
      params: AppEventParams,
      response: AppReprocessed,
      async handler({ principal, params, origin }) {
        const job = await jobs.get(principal, params.job_id);
        return { changed: await reprocess.one(job.id, params.event_id, origin) };
      },
    }),
  ];
}

function readSelection(body: AppReprocess): Selection {
  const { event_ids: eventIds, all } = body;
  const from = readTime(body.from, 'from');
  const to = readTime(body.to, 'to');
  const byTime = from !== undefined || to !== undefined;
  const ways = Number(eventIds !== undefined) + Number(byTime) + Number(all === true);
  if (ways !== 1) {
    throw new Refusal('invalid', 'Say which events, in one way: event_ids, from and to, or all: true.');
  }
  return { eventIds, from, to };
}

function readTime(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTimestamp(text);
  if (time !== null) return time;
  const msg = 'must be a time like 2026-03-02T09:46:22Z';
  throw new Refusal('invalid', `body.${name} ${msg}.`, { problems: [{ loc: ['body', name], msg, type: 'bad_format' }] });
}
