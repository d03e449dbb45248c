import { RequestStatus } from '@verdict/contract';
import { Type } from 'typebox';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { FeedbackService } from './feedback-service.ts';
import { type MachineNames, readVote } from './feedback-v1.ts';

const Params = Type.Object({ job_id: Type.Integer({ minimum: 1 }), event_id: Type.String({ minLength: 1, maxLength: 200 }) });
const Query = Type.Object({
  feedback_label: Type.String({
    minLength: 1,
    description: 'A label of the job: its name, in any letter case, or its class id.',
  }),
  storage_name: Type.Optional(Type.String({ description: 'Accepted and not needed: an event is found by its job and id.' })),
});

/** The v2 way to give feedback on one event. */
export function feedbackRoutesV2(deps: {
  readonly jobs: JobService;
  readonly feedback: FeedbackService;
  readonly machineNames: MachineNames;
}): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/api/v2/events/{job_id}/{event_id}/feedback',
      id: 'v2GiveFeedback',
      summary: 'Give feedback on an event',
      tag: 'v2: events',
      right: { scope: 'write:event_feedback', role: 'analyst' },
      params: Params,
      query: Query,
      response: RequestStatus,
      async handler({ principal, params, query }) {
        const job = await deps.jobs.get(principal, params.job_id);
        try {
          await deps.feedback.vote(
            job.id,
            params.event_id,
            await readVote(principal, job, { feedback: query.feedback_label }, 'playbook', deps.machineNames),
          );
          return { status: 'OK', reason: '', reason_details: '' };
        } catch (error) {
          // A refusal of the domain is an answer in v2; what is not there stays a 404.
          if (error instanceof Refusal && error.code === 'unknown_label')
            return { status: 'NOK', reason: error.message, reason_details: '' };
          throw error;
        }
      },
    }),
  ];
}
