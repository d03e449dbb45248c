import { JobParams, RequestStatus, readJobId } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import { expectValid } from '../http/read.ts';
import { requestStatus } from '../http/request-status.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from './job-service.ts';
import type { Trainer } from './job-v1.ts';

/** `POST /api/v2/jobs/{id}/start|stop|train`: each answers with a request status. */
export function jobRoutesV2({ jobs, trainer }: { readonly jobs: JobService; readonly trainer: Trainer }): Route[] {
  const operation = (
    name: 'start' | 'stop' | 'train',
    summary: string,
    act: (id: number, origin: Origin) => Promise<unknown>,
  ): Route =>
    route({
      method: 'POST',
      path: `/api/v2/jobs/{job_id}/${name}`,
      id: `v2${name.charAt(0).toUpperCase()}${name.slice(1)}Job`,
      summary,
      description: 'What cannot be done now is answered with status NOK and the reason. A body is not needed.',
      tag: 'v2: jobs',
      right: { scope: 'execute:job_operations' },
      params: JobParams,
      response: RequestStatus,
      async handler({ params, principal, origin }) {
        const { id } = await jobs.get(principal, expectValid(readJobId(params.job_id)));
        return requestStatus(() => act(id, origin));
      },
    });
  return [
    operation('start', 'Start a job: it takes events from now on', (id, origin) => jobs.start(id, origin)),
    operation('stop', 'Stop a job: it takes no events until it is started again', (id, origin) => jobs.stop(id, origin)),
    operation('train', 'Train a job on the feedback given so far', async (id, origin) => {
      const { ok, sentence } = await trainer.requestTraining(id, origin);
      if (!ok) throw new Refusal('refused', sentence);
    }),
  ];
}
