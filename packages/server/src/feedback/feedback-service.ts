import type { AuditTrail } from '../audit/audit-trail.ts';
import type { KnowledgeState } from '../buckets/bucket.ts';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { Clock } from '../clock.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import { findLabel, type Job, type Label, openLabels, sharesFeedback } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { type Asked, type Consensus, type Feedback, OVERRULE, type Unit, type Voter } from './feedback.ts';
import * as store from './feedback-store.ts';

/** One vote as it comes in. */
export interface Vote {
  readonly label: string;
  readonly voter: Voter;
  /** `api`, `app`, `import`. */
  readonly through: string;
  readonly asked: Asked;
  readonly chance?: number | undefined;
  readonly reason?: string | undefined;
  readonly closingNotes?: string | undefined;
  readonly indicators?: unknown;
  readonly keyId?: number | undefined;
  /** The voter is an automation; a vote that only repeats our own decision on the event is kept but not counted. */
  readonly machine?: boolean | undefined;
  /** Kept and not counted: somebody else has to confirm it. */
  readonly waits?: boolean | undefined;
}

/** What a vote did. */
export interface Voted {
  /** Number of what was written down. */
  readonly feedbackId: number;
  readonly label: Label;
  readonly counted: boolean;
  readonly consensus: Consensus | undefined;
  /** Whether it agreed with the decision on the event; undefined where there was none. */
  readonly agreed: boolean | undefined;
}

/** Told after the commit. */
export type FeedbackObserver = (job: Job, voted: Voted) => void;

/** Told after the commit of everything that may change what people agree on: votes, withdrawals, a lead's word and its end. */
export type FeedbackListener = (
  jobId: number,
  about: { readonly eventId: string; readonly bucketId: number | null; readonly by: string },
) => void;

/** What people say: votes, withdrawals, a lead's overrule. Everything is kept; what counts is derived from it in the same unit. */
export class FeedbackService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #jobs: JobService;
  readonly #events: EventService;
  readonly #buckets: BucketService;
  readonly #decisions: DecisionService;
  readonly #observers: FeedbackObserver[] = [];
  readonly #listeners: FeedbackListener[] = [];

  constructor(
    storage: Storage,
    clock: Clock,
    audit: AuditTrail,
    jobs: JobService,
    events: EventService,
    buckets: BucketService,
    decisions: DecisionService,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#jobs = jobs;
    this.#events = events;
    this.#buckets = buckets;
    this.#decisions = decisions;
  }

  observe(observer: FeedbackObserver): void {
    this.#observers.push(observer);
  }

  onChange(listener: FeedbackListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes a vote on an event's current version. The same vote again changes nothing.
   * @throws Refusal `event_not_found`, `unknown_label` (naming the valid ones); nothing is stored then.
   */
  async vote(jobId: number, eventId: string, vote: Vote): Promise<Voted> {
    return this.#storage.write((tx) => this.voteIn(tx, jobId, eventId, vote));
  }

  /** `vote` inside a larger unit. */
  async voteIn(tx: Tx, jobId: number, eventId: string, vote: Vote): Promise<Voted> {
    const job = await this.#job(tx, jobId);
    const label = this.#label(job, vote.label);
    const event = await this.#events.getIn(tx, jobId, eventId);
    const decision = event.decisionId === null ? undefined : await this.#decisions.getIn(tx, event.decisionId);
    const decided = decision?.classNo ?? undefined;
    const counted = !vote.waits && !(vote.machine && decided === label.classNo);
    const unit = unitOf(job, event);
    const before = await store.getVote(tx, event.seq, vote.voter.id);
    const result = (feedbackId: number, consensus: Consensus | undefined): Voted => ({
      feedbackId,
      label,
      counted,
      consensus,
      agreed: decided === undefined ? undefined : decided === label.classNo,
    });
    const said = {
      reason: vote.reason ?? null,
      closingNotes: vote.closingNotes ?? null,
      indicators: vote.indicators === undefined ? null : JSON.stringify(vote.indicators),
    };
    // A retry: the same word of the same voter, and nothing that they said of the bucket since.
    if (before?.class_no === label.classNo && (await store.isLastWord(tx, unit, vote.voter.id, before.feedback_id, said))) {
      return { ...result(before.feedback_id, await store.getConsensus(tx, unit)), counted: true };
    }
    const now = this.#clock();
    const feedbackId = await store.insertFeedback(tx, {
      ...about(job, event),
      kind: 'vote',
      classNo: label.classNo,
      voter: vote.voter.id,
      voterName: vote.voter.name,
      at: now,
      through: vote.through,
      asked: vote.asked,
      chance: vote.chance ?? null,
      ...said,
      counted,
      keyId: vote.keyId ?? null,
    });
    let consensus: Consensus | undefined;
    if (counted) {
      const first = (await store.countVotes(tx, event.seq)) === 0;
      await store.saveVote(tx, {
        eventSeq: event.seq,
        voter: vote.voter.id,
        jobId,
        bucketId: event.bucketId,
        classNo: label.classNo,
        feedbackId,
      });
      await this.#jobs.countFeedbackIn(tx, jobId, first ? 1 : 0, now);
      consensus = await this.#recount(tx, unit, vote.voter.id, jobId, now);
    } else {
      consensus = await store.getConsensus(tx, unit);
    }
    const voted = result(feedbackId, consensus);
    tx.afterCommit(() => {
      for (const observer of this.#observers) observer(job, voted);
    });
    this.#tell(tx, event, vote.voter);
    return voted;
  }

  /**
   * Takes back a voter's vote on an event. Where the voter had voted on other events of the bucket, the last of those counts again.
   * @throws Refusal `not_found` when there is none.
   */
  async withdraw(jobId: number, eventId: string, voter: Voter, through: string): Promise<Consensus | undefined> {
    return this.#storage.write(async (tx) => {
      const job = await this.#job(tx, jobId);
      const event = await this.#events.getIn(tx, jobId, eventId);
      const before = await store.getVote(tx, event.seq, voter.id);
      if (!before)
        throw new Refusal('not_found', `${voter.name} has no feedback on the event "${eventId}" that could be withdrawn.`);
      const now = this.#clock();
      await store.insertFeedback(tx, {
        ...about(job, event),
        kind: 'withdraw',
        classNo: before.class_no,
        voter: voter.id,
        voterName: voter.name,
        at: now,
        through,
        asked: 'self',
        chance: null,
        reason: null,
        closingNotes: null,
        indicators: null,
        counted: true,
        keyId: null,
      });
      await store.deleteVote(tx, event.seq, voter.id);
      this.#tell(tx, event, voter);
      if ((await store.countVotes(tx, event.seq)) === 0) await this.#jobs.countFeedbackIn(tx, jobId, -1, now);
      return this.#recount(tx, unitOf(job, event), voter.id, jobId, now);
    });
  }

  /** A lead decides over the votes of the event's bucket, with a reason. @throws Refusal `invalid` without a reason. */
  async overrule(
    jobId: number,
    eventId: string,
    labelText: string,
    reason: string,
    origin: Origin,
    voter: Voter,
  ): Promise<Consensus | undefined> {
    if (reason.trim() === '') throw new Refusal('invalid', 'Say why: an overrule needs a reason that the voters can read.');
    return this.#storage.write(async (tx) => {
      const job = await this.#job(tx, jobId);
      const label = this.#label(job, labelText);
      const event = await this.#events.getIn(tx, jobId, eventId);
      const unit = unitOf(job, event);
      const before = await store.getConsensus(tx, unit);
      const now = this.#clock();
      const feedbackId = await store.insertFeedback(
        tx,
        this.#lead(job, event, 'overrule', label.classNo, voter, now, reason.trim()),
      );
      await store.saveVote(tx, {
        eventSeq: event.seq,
        voter: OVERRULE,
        jobId,
        bucketId: event.bucketId,
        classNo: label.classNo,
        feedbackId,
      });
      const after = await this.#recount(tx, unit, OVERRULE, jobId, now);
      this.#tell(tx, event, voter);
      await this.#record(tx, origin, 'feedback.overrule', job, event, before, { ...after, reason: reason.trim() });
      return after;
    });
  }

  /** Takes an overrule back: the votes count again. @throws Refusal `not_found` when nobody overruled. */
  async lift(jobId: number, eventId: string, origin: Origin, voter: Voter): Promise<Consensus | undefined> {
    return this.#storage.write(async (tx) => {
      const job = await this.#job(tx, jobId);
      const event = await this.#events.getIn(tx, jobId, eventId);
      const unit = unitOf(job, event);
      const before = await store.getConsensus(tx, unit);
      const removed =
        unit.kind === 'b'
          ? await store.deleteVotesInBucket(tx, unit.id, OVERRULE)
          : await store.deleteVote(tx, event.seq, OVERRULE);
      if (!removed) throw new Refusal('not_found', 'Nobody has overruled the votes here.');
      const now = this.#clock();
      await store.insertFeedback(tx, this.#lead(job, event, 'lift', null, voter, now, null));
      const after = await this.#recount(tx, unit, OVERRULE, jobId, now);
      this.#tell(tx, event, voter);
      await this.#record(tx, origin, 'feedback.lift', job, event, before, after);
      return after;
    });
  }

  /** The class number that a voter says of the event's unit now: of its bucket, or of the event where it stands on its own. */
  async ownClass(job: Job, event: StoredEvent, voter: Voter): Promise<number | undefined> {
    return (await this.#storage.read((tx) => store.getUnitVote(tx, unitOf(job, event), voter.id)))?.class_no;
  }

  /** The class number of a voter's vote on the current version of the event itself. @throws Refusal `event_not_found`. */
  async ownVote(jobId: number, eventId: string, voter: Voter): Promise<number | undefined> {
    return this.#storage.read(async (tx) => {
      const event = await this.#events.getIn(tx, jobId, eventId);
      return (await store.getVote(tx, event.seq, voter.id))?.class_no;
    });
  }

  /** What people agree on for the unit that the event belongs to. */
  async consensus(job: Job, event: StoredEvent): Promise<Consensus | undefined> {
    return this.#storage.read((tx) => store.getConsensus(tx, unitOf(job, event)));
  }

  /** `consensus` inside a unit of work. */
  async consensusIn(tx: ReadTx, job: Job, event: Pick<StoredEvent, 'seq' | 'bucketId'>): Promise<Consensus | undefined> {
    return store.getConsensus(tx, unitOf(job, event));
  }

  /** Where the event's unit stands between people and the job's active model. */
  async state(
    job: Job,
    event: StoredEvent,
  ): Promise<{ readonly state: KnowledgeState; readonly consensus: Consensus | undefined }> {
    return this.#storage.read(async (tx) => {
      const unit = unitOf(job, event);
      const consensus = await store.getConsensus(tx, unit);
      const name = unit.kind === 'e' ? `e:${unit.id}` : `b:${(await this.#buckets.getIn(tx, unit.id))?.key ?? ''}`;
      return { state: await this.#buckets.stateIn(tx, name, consensus?.classNo ?? undefined, job.activeModelId), consensus };
    });
  }

  /** Everything said of an event, newest first. */
  async history(jobId: number, eventId: string): Promise<Feedback[]> {
    return this.#storage.read((tx) => store.listFeedbackOfEvent(tx, jobId, eventId, 500));
  }

  /** The votes that count in a bucket, newest first. */
  async votesOfBucket(bucketId: number): Promise<Feedback[]> {
    return this.#storage.read((tx) => store.listVotesOfBucket(tx, bucketId, 100));
  }

  /** The votes that count on one version of an event, newest first. */
  async votesOfEvent(seq: number): Promise<Feedback[]> {
    return this.#storage.read((tx) => store.listVotesOfEvent(tx, seq, 100));
  }

  /**
   * Moves the votes of events to the buckets where these stand now and counts those (decision points or the category were changed). Inside
   * the unit that moves the events. The buckets that they left are not counted here: events still in them keep their consensus until
   * they are moved too.
   */
  async moveIn(tx: Tx, job: Job, moved: readonly Pick<StoredEvent, 'seq' | 'bucketId'>[], now: number): Promise<void> {
    const touched = new Map<string, { unit: Unit; voters: Set<string> }>();
    for (const event of moved) {
      const voters = await store.votersOf(tx, event.seq);
      if (voters.length === 0) continue;
      await store.moveVotes(tx, event.seq, event.bucketId);
      const unit = unitOf(job, event);
      // Votes given before there were buckets, or while each event stood on its own, were counted on the event.
      if (unit.kind === 'b') await store.clearUnit(tx, { kind: 'e', id: event.seq });
      const name = `${unit.kind}:${unit.id}`;
      const known = touched.get(name) ?? { unit, voters: new Set() };
      for (const voter of voters) known.voters.add(voter);
      touched.set(name, known);
    }
    for (const { unit, voters } of touched.values()) {
      for (const voter of voters) await store.refreshUnitVote(tx, unit, voter);
      await store.settleConsensus(tx, unit, job.id, now);
    }
  }

  /** Counts a unit's votes anew from the votes on its events. */
  async recountIn(tx: Tx, unit: Unit, jobId: number, now: number): Promise<void> {
    await store.rebuildUnitVotes(tx, unit);
    await store.settleConsensus(tx, unit, jobId, now);
  }

  async #recount(tx: Tx, unit: Unit, voter: string, jobId: number, now: number): Promise<Consensus | undefined> {
    return store.settleVoter(tx, unit, voter, jobId, now);
  }

  #tell(tx: Tx, { jobId, eventId, bucketId }: StoredEvent, voter: Voter): void {
    tx.afterCommit(() => {
      for (const listener of this.#listeners) listener(jobId, { eventId, bucketId, by: voter.name });
    });
  }

  async #job(tx: ReadTx, jobId: number): Promise<Job> {
    const job = await this.#jobs.findIn(tx, jobId);
    if (!job) throw new Refusal('job_not_found', `There is no AI use case with the job id ${jobId} for this key.`);
    return job;
  }

  #label(job: Job, text: string): Label {
    const label = findLabel(job.labels, text);
    if (label) return label;
    const valid = openLabels(job.labels).map(({ name }) => name);
    const sentence = `"${text.slice(0, 100)}" is not a label of "${job.title}". Valid labels: ${valid.join(', ')}.`;
    throw new Refusal('unknown_label', sentence, {
      problems: [{ loc: ['body', 'feedback'], msg: sentence, type: 'unknown_label' }],
    });
  }

  #lead(
    job: Job,
    event: StoredEvent,
    kind: 'overrule' | 'lift',
    classNo: number | null,
    voter: Voter,
    at: number,
    reason: string | null,
  ): store.NewFeedback {
    return {
      ...about(job, event),
      kind,
      classNo,
      voter: voter.id,
      voterName: voter.name,
      at,
      through: 'app',
      asked: 'self',
      chance: null,
      reason,
      closingNotes: null,
      indicators: null,
      counted: true,
      keyId: null,
    };
  }

  async #record(
    tx: Tx,
    origin: Origin,
    action: string,
    job: Job,
    event: StoredEvent,
    before: unknown,
    after: unknown,
  ): Promise<void> {
    await this.#audit.record(tx, origin, {
      action,
      objectKind: 'event',
      objectId: event.eventId,
      jobId: job.id,
      before: before ?? null,
      after: after ?? null,
    });
  }
}

/** What the votes on an event are counted over: its bucket where feedback is shared and it has one, else the event on its own. */
export function unitOf(job: Job, event: Pick<StoredEvent, 'seq' | 'bucketId'>): Unit {
  return sharesFeedback(job.category) && event.bucketId !== null
    ? { kind: 'b', id: event.bucketId }
    : { kind: 'e', id: event.seq };
}

function about(
  job: Job,
  event: StoredEvent,
): Pick<store.NewFeedback, 'jobId' | 'eventSeq' | 'eventId' | 'eventVersion' | 'decisionId'> {
  return {
    jobId: job.id,
    eventSeq: event.seq,
    eventId: event.eventId,
    eventVersion: event.version,
    decisionId: event.decisionId,
  };
}
