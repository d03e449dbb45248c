import { AppDemo, AppDone } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import { presentTask } from '../tasks/tasks-app.ts';
import type { Demo, DemoService } from './demo-service.ts';

/** Demo data for people who look around: is there some, make it, remove it. */
export function demoRoutesApp(deps: { readonly demo: DemoService }): Route[] {
  const { demo } = deps;
  const tag = 'app: AI use cases';
  return [
    route({
      method: 'GET',
      path: '/api/app/demo',
      id: 'appGetDemo',
      summary: 'Is there demo data, and how far is it',
      tag,
      right: { scope: 'read:resources', role: 'analyst' },
      response: AppDemo,
      handler: async () => present(await demo.find()),
    }),
    route({
      method: 'POST',
      path: '/api/app/demo',
      id: 'appMakeDemo',
      summary: 'Make an AI use case with made-up alerts, labels and models',
      description: 'A task fills it; watch that one. There is one at a time.',
      tag,
      right: { scope: 'write:resources', role: 'admin' },
      status: 201,
      response: AppDemo,
      handler: async ({ origin }) => present(await demo.make(origin)),
    }),
    route({
      method: 'DELETE',
      path: '/api/app/demo',
      id: 'appRemoveDemo',
      summary: 'Remove the demo data with everything that was added to it',
      tag,
      right: { scope: 'delete:resources', role: 'admin' },
      response: AppDone,
      async handler({ origin }) {
        await demo.remove(origin);
        return { done: true };
      },
    }),
  ];
}

function present({ job, task }: Demo): AppDemo {
  return { job_id: job?.id ?? null, task: task ? presentTask(task) : null };
}
