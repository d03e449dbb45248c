import { AppEventParams, AppJobParams, AppOverrule, AppVote, AppVoted, AppVotes, AppVotesDone } from '@verdict/contract';
import { presentConsensus } from '../decisions/decision-app.ts';
import { labelName } from '../decisions/reasons.ts';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Asked, Consensus } from './feedback.ts';
import type { FeedbackService } from './feedback-service.ts';
import { voterOf } from './feedback-v1.ts';

/** Questions that were put to people: a vote that names one carries why, and with what chance, it was asked. */
export interface Questions {
  asked(jobId: number, eventId: string, ask: string): Promise<{ readonly asked: Asked; readonly chance: number | undefined }>;
}

/** Feedback for people: vote, take it back; for leads: overrule, and take that back. */
export function feedbackRoutesApp(deps: {
  readonly jobs: JobService;
  readonly feedback: FeedbackService;
  readonly questions: Questions;
}): Route[] {
  const { jobs, feedback } = deps;
  const tag = 'app: feedback';
  const vote = { scope: 'write:event_feedback', role: 'analyst' } as const;
  // A key only asserts names, so it can never speak as a lead.
  const lead = { role: 'lead' } as const;
  const said = (job: Job, label: string | null, counted: boolean, consensus: Consensus | undefined) => ({
    label,
    counted,
    consensus: presentConsensus(job, consensus),
  });

  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/events/{event_id}/feedback',
      id: 'appVote',
      summary: 'Vote on an event',
      tag,
      right: vote,
      params: AppEventParams,
      body: AppVote,
      response: AppVoted,
      async handler({ principal, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        const voted = await feedback.vote(job.id, params.event_id, {
          label: body.label,
          voter: voterOf(principal, undefined),
          through: 'app',
          ...(body.ask === undefined
            ? { asked: (body.asked ?? 'self') as Asked }
            : await deps.questions.asked(job.id, params.event_id, body.ask)),
          closingNotes: body.notes,
        });
        return said(job, voted.label.name, voted.counted, voted.consensus);
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/feedback',
      id: 'appVoteMany',
      summary: 'Vote on many events, or take votes back',
      description: 'Each by itself: one that is refused says why and changes nothing for the others.',
      tag,
      right: vote,
      params: AppJobParams,
      body: AppVotes,
      response: AppVotesDone,
      async handler({ principal, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        const voter = voterOf(principal, undefined);
        const one = async ({ event_id: id, label, notes, ask }: AppVotes['votes'][number]) => {
          let before: string | null = null;
          try {
            const own = await feedback.ownVote(job.id, id, voter);
            before = own === undefined ? null : labelName(job, own);
            if (label !== null)
              await feedback.vote(job.id, id, {
                label,
                voter,
                through: 'app',
                closingNotes: notes,
                ...(ask === undefined ? { asked: 'self' as const } : await deps.questions.asked(job.id, id, ask)),
              });
            else if (own !== undefined) await feedback.withdraw(job.id, id, voter, 'app');
            return { event_id: id, error: '', before };
          } catch (error) {
            if (error instanceof Refusal && error.status < 500) return { event_id: id, error: error.message, before };
            throw error;
          }
        };
        // Asked for together, so that they share commits; a refusal of the store itself refuses the whole call, which can be sent again.
        return { results: await Promise.all(body.votes.map(one)) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}/events/{event_id}/feedback',
      id: 'appWithdrawVote',
      summary: 'Take back your own vote on an event',
      tag,
      right: vote,
      params: AppEventParams,
      response: AppVoted,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return said(job, null, true, await feedback.withdraw(job.id, params.event_id, voterOf(principal, undefined), 'app'));
      },
    }),
    route({
      method: 'PUT',
      path: '/api/app/jobs/{job_id}/events/{event_id}/overrule',
      id: 'appOverrule',
      summary: 'Decide over the votes, with a reason',
      tag,
      right: lead,
      params: AppEventParams,
      body: AppOverrule,
      response: AppVoted,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        const consensus = await feedback.overrule(
          job.id,
          params.event_id,
          body.label,
          body.reason,
          origin,
          voterOf(principal, undefined),
        );
        return said(job, body.label, true, consensus);
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}/events/{event_id}/overrule',
      id: 'appLiftOverrule',
      summary: 'Take an overrule back: the votes count again',
      tag,
      right: lead,
      params: AppEventParams,
      response: AppVoted,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        return said(job, null, true, await feedback.lift(job.id, params.event_id, origin, voterOf(principal, undefined)));
      },
    }),
  ];
}
