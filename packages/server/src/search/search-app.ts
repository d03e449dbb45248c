import { AppCounts, AppCountsRequest, AppJobParams } from '@verdict/contract';
import { callerGone } from '../http/caller-gone.ts';
import { type Route, route } from '../http/route.ts';
import type { SearchService } from './search-service.ts';

/** What the page of events asks beside the events themselves. */
export function searchRoutesApp(deps: { readonly search: SearchService }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/events/counts',
      id: 'appCountEvents',
      summary: 'Count events by time and by the values of fields',
      description:
        'One call for the bars and the values beside a list of events. With `newest` the values are counted in the newest events alone, which ' +
        'is quick for any number of events; `counted` says so, and the same call without it gives the exact numbers.',
      tag: 'app: events',
      right: { scope: 'read:event_query', role: 'analyst' },
      params: AppJobParams,
      body: AppCountsRequest,
      response: AppCounts,
      handler: (call) => deps.search.counts(call.principal, call.params.job_id, call.body, callerGone(call)),
    }),
  ];
}
