import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Voter } from '../feedback/feedback.ts';
import type { FeedbackService, Voted } from '../feedback/feedback-service.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { EventService } from '../ingest/event-service.ts';
import { classId, findLabel } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import * as store from './agent-vote-store.ts';

/** Most votes that a list names. */
const MAX_LISTED = 200;

/** What became of a vote that an agent gave. */
export interface AgentVoted {
  /** Number of the vote. */
  readonly voteId: number;
  readonly label: string;
  readonly counted: boolean;
  /** It waits for a person. */
  readonly waits: boolean;
}

/**
 * Votes of agents. An agent reads alerts that attackers wrote, so by default what it says does not count: it waits until a person agrees,
 * and then counts as that person's vote. The job's setting `agentVotes` may let it count by itself.
 */
export class AgentVoteService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #jobs: JobService;
  readonly #events: EventService;
  readonly #feedback: FeedbackService;

  constructor(
    storage: Storage,
    clock: Clock,
    audit: Pick<AuditTrail, 'record'>,
    jobs: JobService,
    events: EventService,
    feedback: FeedbackService,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#jobs = jobs;
    this.#events = events;
    this.#feedback = feedback;
  }

  /**
   * Takes a vote of an agent on the current version of an event. The same again changes nothing; another label takes the place of what waits.
   * @throws Refusal `job_not_found`, `event_not_found`, `unknown_label`.
   */
  async give(
    jobId: number,
    eventId: string,
    said: { readonly label: string; readonly reason: string | null; readonly voter: Voter; readonly keyId: number | undefined },
    origin: Origin,
  ): Promise<AgentVoted> {
    return this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw new Refusal('job_not_found', `There is no AI use case with the job id ${jobId} for this key.`);
      const event = await this.#events.getIn(tx, jobId, eventId);
      const waits = job.settings.agentVotes === 'confirm';
      const waiting = await store.waitingOf(tx, event.seq, said.voter.id);
      const label = findLabel(job.labels, said.label);
      if (waits && waiting && label?.classNo === waiting.classNo && waiting.reason === said.reason)
        return { voteId: waiting.feedbackId, label: label.name, counted: false, waits: true };
      const voted = await this.#feedback.voteIn(tx, jobId, eventId, {
        label: said.label,
        voter: said.voter,
        through: 'agent',
        asked: 'agent',
        reason: said.reason ?? undefined,
        keyId: said.keyId,
        waits,
      });
      const now = this.#clock();
      if (waiting) await store.settle(tx, waiting.feedbackId, 'replaced', now, said.voter.id);
      if (!voted.counted) await store.insertWaiting(tx, voted.feedbackId, jobId);
      await this.#audit.record(tx, origin, {
        action: 'agent_vote.give',
        objectKind: 'event',
        objectId: eventId,
        jobId,
        after: { vote: voted.feedbackId, label: voted.label.name, counted: voted.counted },
      });
      return { voteId: voted.feedbackId, label: voted.label.name, counted: voted.counted, waits: !voted.counted };
    });
  }

  /** Votes of a job that wait for a person, newest first. */
  async waiting(jobId: number): Promise<store.AgentVoteRow[]> {
    return this.#storage.read((tx) => store.listWaiting(tx, jobId, MAX_LISTED));
  }

  /**
   * A person agrees: from now on it is their vote, which was asked for by an agent. Counted as the agent's own, a person who confirms and
   * votes would count twice.
   * @throws Refusal `not_found`; `refused` when it is settled already or the alert has changed since; `unknown_label` when the label is retired.
   */
  async confirm(jobId: number, voteId: number, person: Voter, origin: Origin): Promise<Voted> {
    return this.#storage.write(async (tx) => {
      const waiting = await this.#waitingIn(tx, jobId, voteId);
      if (waiting.isCurrent !== 1)
        throw new Refusal(
          'refused',
          'The alert has changed since the agent looked at it. Look at it as it is now, and vote yourself.',
        );
      const voted = await this.#feedback.voteIn(tx, jobId, waiting.eventId, {
        label: classId(waiting.classNo),
        voter: person,
        through: 'agent',
        asked: 'agent',
        reason: `Confirmed what ${waiting.voterName} said${waiting.reason === null ? '.' : `: ${waiting.reason}`}`,
      });
      await this.#settleIn(tx, jobId, waiting, 'confirmed', origin);
      return voted;
    });
  }

  /** A person does not agree: it never counts. @throws Refusal as `confirm`. */
  async decline(jobId: number, voteId: number, origin: Origin): Promise<void> {
    await this.#storage.write(async (tx) => {
      const waiting = await this.#waitingIn(tx, jobId, voteId);
      await this.#settleIn(tx, jobId, waiting, 'declined', origin);
    });
  }

  async #waitingIn(tx: Tx, jobId: number, voteId: number): Promise<store.AgentVoteRow> {
    const vote = await store.getAgentVote(tx, jobId, voteId);
    if (!vote) throw new Refusal('not_found', `There is no vote ${voteId} of an agent in the AI use case ${jobId}.`);
    if (vote.state === 'replaced') throw new Refusal('refused', 'The agent has said something else since. Reload the list.');
    if (vote.state !== 'waiting') throw new Refusal('refused', `This vote was ${vote.state} already.`);
    return vote;
  }

  async #settleIn(
    tx: Tx,
    jobId: number,
    vote: store.AgentVoteRow,
    state: 'confirmed' | 'declined',
    origin: Origin,
  ): Promise<void> {
    await store.settle(tx, vote.feedbackId, state, this.#clock(), principalId(origin.principal));
    await this.#audit.record(tx, origin, {
      action: state === 'confirmed' ? 'agent_vote.confirm' : 'agent_vote.decline',
      objectKind: 'event',
      objectId: vote.eventId,
      jobId,
      before: { vote: vote.feedbackId, state: 'waiting' },
      after: { vote: vote.feedbackId, state },
    });
  }
}
