import { RequestStatus } from '@verdict/contract';
import { type Static, Type } from 'typebox';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import { requestStatus } from '../http/request-status.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from './job-service.ts';

/** Starts a training, or throws a Refusal that says why it cannot start. */
export interface TrainingRequests {
  requestTraining(jobId: number, origin: Origin): Promise<unknown>;
}

const Params = Type.Object({ job_id: Type.String({ description: 'The number of the job.', examples: ['1201'] }) });

/** `POST /api/v2/jobs/{id}/start|stop|train`: each answers with a request status. */
export function jobV2({ jobs, training }: { readonly jobs: JobService; readonly training: TrainingRequests }): Route[] {
  const operation = (
    name: 'start' | 'stop' | 'train',
    summary: string,
    act: (id: number, origin: Origin) => Promise<unknown>,
  ): Route =>
    route({
      method: 'POST',
      path: `/api/v2/jobs/{job_id}/${name}`,
      id: `v2_${name}_job`,
      summary,
      description: 'What cannot be done now is answered with status NOK and the reason. A body is not needed.',
      tag: 'v2 jobs',
      right: { scope: 'execute:job_operations' },
      params: Params,
      response: RequestStatus,
      async handler({ params, principal, origin }) {
        const { id } = await jobs.get(principal, readJobId(params));
        return requestStatus(async () => {
          await act(id, origin);
        });
      },
    });
  return [
    operation('start', 'Start a job: it takes events from now on', (id, origin) => jobs.start(id, origin)),
    operation('stop', 'Stop a job: it takes no events until it is started again', (id, origin) => jobs.stop(id, origin)),
    operation('train', 'Train a job on the feedback given so far', (id, origin) => training.requestTraining(id, origin)),
  ];
}

function readJobId({ job_id }: Static<typeof Params>): number {
  const id = /^\d{1,15}$/.test(job_id) ? Number(job_id) : 0;
  if (id === 0) {
    const msg = 'must be the number of a job';
    throw new Refusal('invalid', `path.job_id ${msg}.`, { problems: [{ loc: ['path', 'job_id'], msg, type: 'wrong_type' }] });
  }
  return id;
}
