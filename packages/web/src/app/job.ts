import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type AppJob, VerdictError } from '@verdict/client/browser';
import { api, keys } from './api.ts';

/** The number of the use case in the address; NaN where it is no number. */
export function useJobId(): number {
  const { jobId } = useParams({ strict: false });
  return Number(jobId);
}

/**
 * The use case of the page. The error says that it cannot be shown: what is there already stays while the service does not answer, but not where
 * the use case is gone.
 */
export function useJob(): { readonly jobId: number; readonly job: AppJob | undefined; readonly error: Error | null } {
  const jobId = useJobId();
  const { data, error } = useQuery({ queryKey: keys.job(jobId), queryFn: () => api.job(jobId) });
  return { jobId, job: data, error: data === undefined || isGone(error) ? error : null };
}

/** Whether the service says that there is no such use case. */
export function isGone(error: unknown): boolean {
  return error instanceof VerdictError && error.status === 404;
}
