import {
  AppDefaultView,
  AppDone,
  AppJobParams,
  AppView,
  AppViewChange,
  AppViewDraft,
  AppViewParams,
  AppViews,
  microsToZ,
} from '@verdict/contract';
import type { Static } from 'typebox';
import type { Principal } from '../http/principal.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { View } from './view.ts';
import type { ViewService } from './view-service.ts';

/** Saved views of the Event Explorer. */
export function viewRoutesApp({ jobs, views }: { readonly jobs: JobService; readonly views: ViewService }): Route[] {
  const right = { role: 'analyst' } as const;
  const tag = 'app: events';
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/views',
      id: 'appListViews',
      summary: 'List the saved views that you see',
      tag,
      right,
      params: AppJobParams,
      response: AppViews,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        const { views: found, defaultId } = await views.list(job.id, origin);
        return { views: found.map((view) => present(view, principal)), default_view_id: defaultId };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/views',
      id: 'appCreateView',
      summary: 'Save a view',
      tag,
      right,
      status: 201,
      params: AppJobParams,
      body: AppViewDraft,
      response: AppView,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        return present(await views.create(job.id, body, origin), principal);
      },
    }),
    route({
      method: 'PUT',
      path: '/api/app/jobs/{job_id}/views/default',
      id: 'appSetDefaultView',
      summary: 'Choose the view that your Event Explorer opens with',
      tag,
      right,
      params: AppJobParams,
      body: AppDefaultView,
      response: AppDone,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        await views.setDefault(job.id, body.view_id, origin);
        return { done: true };
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/app/jobs/{job_id}/views/{view_id}',
      id: 'appChangeView',
      summary: 'Rename, share or overwrite a view of yours',
      tag,
      right,
      params: AppViewParams,
      body: AppViewChange,
      response: AppView,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        return present(await views.change(job.id, params.view_id, body, origin), principal);
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}/views/{view_id}',
      id: 'appDeleteView',
      summary: 'Delete a view of yours',
      tag,
      right,
      params: AppViewParams,
      response: AppDone,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        await views.delete(job.id, params.view_id, origin);
        return { done: true };
      },
    }),
  ];
}

function present(view: View, principal: Principal): Static<typeof AppView> {
  return {
    view_id: view.id,
    title: view.title,
    shared: view.shared,
    mine: principal.kind === 'user' && principal.userId === view.ownerId,
    by: view.ownerName,
    search: view.search,
    updated_at: microsToZ(view.updatedAt),
  };
}
