import {
  EventParams,
  FeedbackAnswer,
  type FeedbackInput,
  FeedbackRequest,
  readEventId,
  readFeedbackRequest,
  readJobId,
  UsernameQuery,
} from '@verdict/contract';
import { type Principal, principalId } from '../http/principal.ts';
import { expectValid } from '../http/read.ts';
import { type Route, route } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Asked, Voter } from './feedback.ts';
import type { FeedbackService, Vote } from './feedback-service.ts';

/** Names under which automations of the calling integration close alerts (`dbot` by default). */
export type MachineNames = (principal: Principal, job: Job) => Promise<ReadonlySet<string>>;

/**
 * Who votes with this call. A name sent with a key is *asserted*: the voter is the pair of key and name, never a signed-in user.
 */
export function voterOf(principal: Principal, username: string | undefined): Voter {
  const name = username ?? principal.name;
  if (principal.kind === 'user') return { id: principalId(principal), name: principal.name };
  return { id: `${principalId(principal)}/${name}`, name };
}

/** A vote as the v1 API brings it. */
export async function readVote(
  principal: Principal,
  job: Job,
  input: FeedbackInput,
  asked: Asked,
  machineNames: MachineNames,
): Promise<Vote> {
  const voter = voterOf(principal, input.username);
  return {
    label: input.feedback,
    voter,
    through: 'api',
    asked,
    closingNotes: input.closing_notes,
    indicators: input.indicators,
    keyId: principal.kind === 'input' || principal.kind === 'management' ? principal.keyId : undefined,
    machine: (await machineNames(principal, job)).has(voter.name.trim().toLowerCase()),
  };
}

/** Call 13 of the v1 API: what the analyst decided. */
export function feedbackRoutesV1(deps: {
  readonly jobs: JobService;
  readonly feedback: FeedbackService;
  readonly machineNames: MachineNames;
}): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/api/v1/events/{job_id}/{event_id}/feedback',
      id: 'v1GiveFeedback',
      summary: "Send an analyst's label for an event",
      tag: 'v1: events',
      right: { input: 'feedback', scope: 'write:event_feedback', role: 'analyst' },
      params: EventParams,
      query: UsernameQuery,
      body: FeedbackRequest,
      lenient: true,
      response: FeedbackAnswer,
      async handler({ principal, params, query, body }) {
        const { job_id, event_id } = params as { job_id?: unknown; event_id?: unknown };
        const jobId = expectValid(readJobId(job_id));
        const eventId = expectValid(readEventId(event_id));
        const input = expectValid(readFeedbackRequest(body, query));
        const job = await deps.jobs.get(principal, jobId);
        await deps.feedback.vote(jobId, eventId, await readVote(principal, job, input, 'playbook', deps.machineNames));
        return { status: 'updated' };
      },
    }),
  ];
}
