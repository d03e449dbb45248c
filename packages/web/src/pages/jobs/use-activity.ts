import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, keys } from '../../app/api.ts';

/** What came in, what was decided and what waits in the last `days` days, by the person's own days. */
export function useActivity(jobId: number, days: number) {
  return useQuery({ ...activityQuery(jobId, days), placeholderData: (before) => before });
}

/** The same, to be asked for ahead. */
export function activityQuery(jobId: number, days: number) {
  return queryOptions({
    queryKey: keys.of(jobId, 'activity', days),
    queryFn: () => api.activity(jobId, { days, offset_minutes: -new Date().getTimezoneOffset() }),
  });
}
