import { AppAgentVoteParams, AppAgentVoteSettled, AppAgentVotes, AppJobParams, AppVoted, microsToZ } from '@verdict/contract';
import { presentConsensus } from '../decisions/decision-app.ts';
import { labelName } from '../decisions/reasons.ts';
import { voterOf } from '../feedback/feedback-v1.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { AgentVoteService } from './agent-vote-service.ts';

/** Votes of agents for people: see what waits, confirm it, decline it. A key cannot do that: an agent has one itself. */
export function agentVoteRoutesApp(deps: { readonly jobs: JobService; readonly votes: AgentVoteService }): Route[] {
  const { jobs, votes } = deps;
  const tag = 'app: feedback';
  const person = { role: 'analyst' } as const;

  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/agent_votes',
      id: 'appListAgentVotes',
      summary: 'List votes of agents that wait for a person',
      tag,
      right: { scope: 'read:event_query', role: 'analyst' },
      params: AppJobParams,
      response: AppAgentVotes,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return (await votes.waiting(job.id)).map((vote) => ({
          vote_id: vote.feedbackId,
          event_id: vote.eventId,
          label: labelName(job, vote.classNo),
          reason: vote.reason,
          by: vote.voterName,
          at: microsToZ(vote.at),
          outdated: vote.isCurrent !== 1,
        }));
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/agent_votes/{vote_id}/confirm',
      id: 'appConfirmAgentVote',
      summary: 'Agree with a vote of an agent: from then on it counts, as yours',
      tag,
      right: person,
      params: AppAgentVoteParams,
      response: AppVoted,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        const voted = await votes.confirm(job.id, params.vote_id, voterOf(principal, undefined), origin);
        return { label: voted.label.name, counted: voted.counted, consensus: presentConsensus(job, voted.consensus) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/agent_votes/{vote_id}/decline',
      id: 'appDeclineAgentVote',
      summary: 'Disagree with a vote of an agent: it never counts',
      tag,
      right: person,
      params: AppAgentVoteParams,
      response: AppAgentVoteSettled,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        await votes.decline(job.id, params.vote_id, origin);
        return { vote_id: params.vote_id, state: 'declined' };
      },
    }),
  ];
}
