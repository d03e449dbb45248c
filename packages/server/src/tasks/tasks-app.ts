import { AppTask, AppTaskParams, AppTasks, AppTasksQuery, microsToZ } from '@verdict/contract';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { type Route, route } from '../http/route.ts';
import type { Task } from './task.ts';
import type { TaskService } from './task-service.ts';

/** Long works for people: list, watch, cancel. */
export function taskRoutesApp(deps: { readonly tasks: TaskService; readonly audit: Pick<AuditTrail, 'record'> }): Route[] {
  const { tasks, audit } = deps;
  const tag = 'app: tasks';
  const read = { scope: 'read:resources', role: 'analyst' } as const;

  return [
    route({
      method: 'GET',
      path: '/api/app/tasks',
      id: 'appListTasks',
      summary: 'List long works, newest first',
      tag,
      right: read,
      query: AppTasksQuery,
      response: AppTasks,
      handler: async ({ query }) => (await tasks.list(query.job_id, query.limit)).map(presentTask),
    }),
    route({
      method: 'GET',
      path: '/api/app/tasks/{task_id}',
      id: 'appGetTask',
      summary: 'Show how far a long work is',
      tag,
      right: read,
      params: AppTaskParams,
      response: AppTask,
      handler: async ({ params }) => presentTask(await tasks.get(params.task_id)),
    }),
    route({
      method: 'POST',
      path: '/api/app/tasks/{task_id}/cancel',
      id: 'appCancelTask',
      summary: 'End a long work early; what it did so far stays',
      tag,
      right: { scope: 'execute:job_operations', role: 'lead' },
      params: AppTaskParams,
      response: AppTask,
      async handler({ params, origin }) {
        const task = await tasks.cancel(params.task_id, (tx, { id, jobId, kind, state }) =>
          audit.record(tx, origin, {
            action: 'task.cancel',
            objectKind: 'task',
            objectId: String(id),
            ...(jobId === null ? {} : { jobId }),
            before: { kind, state },
            after: { kind, state: 'cancelled' },
          }),
        );
        return presentTask(task);
      },
    }),
  ];
}

/** A task as the wire has it. */
export function presentTask(task: Task): AppTask {
  return {
    task_id: task.id,
    job_id: task.jobId,
    kind: task.kind,
    state: task.state,
    share: task.share,
    step: task.step,
    message: task.message,
    cancel_requested: task.cancelRequested,
    created_at: microsToZ(task.createdAt),
    started_at: task.startedAt === null ? null : microsToZ(task.startedAt),
    finished_at: task.finishedAt === null ? null : microsToZ(task.finishedAt),
  };
}
