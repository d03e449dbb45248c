import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  addAudit,
  automationFor,
  closeGuard,
  createGuard,
  exclusionOf,
  type GuardState,
  type GuardVerdict,
  guardThresholds,
  guardVerdict,
  parsePointValues,
} from '@verdict/engine';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import type { Automation, Decision } from '../decisions/decision.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import { Refusal } from '../errors.ts';
import type { Consensus, Voter } from '../feedback/feedback.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import { classId, findLabel, type Job, type Label, openLabels } from '../jobs/job.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { AUDIT_PATIENCE, type DrawnAudit, type Guard, outcomeOf } from './guard.ts';
import * as store from './guard-store.ts';

/** Gives a number from 0 (included) to 1 (excluded) that nobody can foresee. */
export type Draw = () => number;

/** What people see of a job's guards. */
export interface GuardStatus {
  readonly closedForAll: boolean;
  readonly guards: readonly { readonly guard: Guard; readonly verdict: GuardVerdict }[];
}

/** Values of a protected point that a model knows: more are not looked at, and count as never seen. */
const KNOWN_VALUES = 100_000;
const RECENT_DECISIONS = 2_000;
const ENOUGH_DECISIONS = 200;
/** Decisions on traffic that have to be known before an audit counts: fewer would make thresholds by chance. */
const FEWEST_DECISIONS = 20;
/** Buckets that a new model is asked about before anything is promised of it. */
const LOOKED_AT = 500;
/** Audits taken into the evidence in one unit of work. */
const PER_UNIT = 200;

/**
 * How far automation may go. Off until a lead asks for it; then a share of the traffic is drawn at random as it comes in, people label those
 * alerts without seeing the suggestion, and the engine says from which confidence on decisions may be acted on. The promise is one model's:
 * another model starts with no evidence.
 */
export class GuardService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #events: EventService;
  readonly #decisions: DecisionService;
  readonly #feedback: FeedbackService;
  readonly #draw: Draw;
  /** Live guards by job; few, and asked for at every decision that is read. */
  #live: ReadonlyMap<number, readonly Guard[]> = new Map();
  #closedForAll = false;
  readonly #known = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(parts: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly audit: AuditTrail;
    readonly events: EventService;
    readonly decisions: DecisionService;
    readonly feedback: FeedbackService;
    readonly draw: Draw;
  }) {
    this.#storage = parts.storage;
    this.#clock = parts.clock;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#decisions = parts.decisions;
    this.#feedback = parts.feedback;
    this.#draw = parts.draw;
  }

  /** Reads the live guards; before anything is decided or drawn. */
  async start(): Promise<void> {
    await this.#reload();
    for (const guard of [...this.#live.values()].flat()) await this.#takeIn(guard);
  }

  /** Whether a share of the job's traffic is to be drawn. Asked for every event, so it must cost nothing. */
  draws(jobId: number): boolean {
    return this.#live.has(jobId);
  }

  /** Numbers of the jobs with live guards. */
  guarded(): number[] {
    return [...this.#live.keys()];
  }

  /** Draws an event for an audit, or not, inside the unit that stores it. */
  async drawIn(
    tx: Tx,
    job: Job,
    event: { readonly seq: number; readonly bucketId: number | null },
    decisionId: number | undefined,
  ): Promise<void> {
    const chance = job.settings.auditRate;
    if (decisionId === undefined || !(this.#draw() < chance)) return;
    const decision = await this.#decisions.getIn(tx, decisionId);
    if (!decision || decision.classNo === null || decision.confidence === null) return;
    const guards = this.#live.get(job.id) ?? [];
    if (!guards.some((guard) => guard.modelId === decision.modelId)) return;
    const now = this.#clock();
    const consensus = await this.#feedback.consensusIn(tx, job, event);
    await store.insertAudit(tx, {
      jobId: job.id,
      eventSeq: event.seq,
      modelId: decision.modelId,
      classNo: decision.classNo,
      confidence: decision.confidence,
      excluded: exclusionOf(await this.#facts(tx, job, decision, consensus)) !== null,
      chance,
      drawnAt: now,
      dueAt: now + AUDIT_PATIENCE,
    });
  }

  /** Whether a decision may be acted on without a person, and why. */
  async automation(
    job: Job,
    event: StoredEvent,
    decision: Decision | undefined,
    consensus: Consensus | undefined,
  ): Promise<Automation> {
    const label = decision && decision.classNo !== null ? classId(decision.classNo) : null;
    const guard = (this.#live.get(job.id) ?? []).find(
      (candidate) => candidate.classNo === decision?.classNo && candidate.modelId === decision?.modelId,
    );
    const facts = decision && guard ? await this.#storage.read((tx) => this.#facts(tx, job, decision, consensus)) : NO_FACTS;
    const audited = guard ? (await this.#storage.read((tx) => store.auditOfEvent(tx, event.seq)))?.answer === null : false;
    const { automation, reason } = automationFor(
      { ...facts, label, confidence: decision?.confidence ?? 0, outlier: decision?.outlier ?? false, audited },
      { closedForAll: this.#closedForAll, guard: guard?.state },
    );
    if (automation === 'allowed' && event.error !== null) return { verdict: 'ask', reason: INCOMPLETE };
    return { verdict: automation, reason: named(reason, job) };
  }

  /** A job's guards and what the audits say. */
  async status(job: Job): Promise<GuardStatus> {
    for (const guard of this.#live.get(job.id) ?? []) await this.#takeIn(guard);
    return {
      closedForAll: this.#closedForAll,
      guards: (this.#live.get(job.id) ?? []).map((guard) => {
        const verdict = guardVerdict(guard.state);
        return { guard, verdict: { ...verdict, sentence: named(verdict.sentence, job) } };
      }),
    };
  }

  /**
   * A lead says: decisions for this label may be acted on while at most this share of them is wrong. Asking again, with other numbers or the
   * same, starts without evidence.
   * @param wrongLabels what analysts must have said for such a decision to be wrong; by default Escalate for Drop, else every other label.
   * @throws Refusal `refused` before the first training, `invalid` for numbers or labels that make no sense.
   */
  async open(
    job: Job,
    classNo: number,
    maxErrorRate: number,
    wrongLabels: readonly string[] | undefined,
    origin: Origin,
  ): Promise<GuardStatus> {
    const label = openLabels(job.labels).find((candidate) => candidate.classNo === classNo);
    if (!label) throw new Refusal('not_found', `This AI use case has no label class_${classNo}.`);
    const modelId = job.activeModelId;
    if (modelId === null) throw new Refusal('refused', 'Train a model first: the guard tests the model that decides.');
    const wrong = wrongLabels ? wrongLabels.map((name) => this.#other(job, label, name)) : defaultWrong(job, label);
    const thresholds = await this.#thresholds(job.id, modelId, classNo);
    await this.#storage.write(async (tx) => {
      const now = this.#clock();
      await this.#endIn(tx, job.id, classNo, now, origin);
      await this.#insertIn(
        tx,
        thresholds,
        { jobId: job.id, modelId, classNo, maxErrorRate, wrong, openedBy: origin.principal.name },
        now,
      );
      await this.#record(tx, origin, 'guard.open', job.id, { label: label.name, maxErrorRate, wrong, modelId });
    });
    await this.#reload();
    return this.status(job);
  }

  /** A lead takes it back. @throws Refusal `not_found` when there is none. */
  async close(job: Job, classNo: number, origin: Origin): Promise<GuardStatus> {
    await this.#storage.write(async (tx) => {
      if (!(await this.#endIn(tx, job.id, classNo, this.#clock(), origin))) {
        throw new Refusal('not_found', 'Nobody has opened the guard for this label.');
      }
      await this.#record(tx, origin, 'guard.close', job.id, { classNo });
    });
    await this.#reload();
    return this.status(job);
  }

  /** Closes the guards of a job for a reason that the traffic gave (drift); a lead has to open them again. */
  async closeFor(jobId: number, reason: string): Promise<void> {
    const guards = this.#live.get(jobId) ?? [];
    if (guards.length === 0) return;
    await this.#storage.write(async (tx) => {
      for (const guard of guards) await store.saveState(tx, { ...guard, state: closeGuard(guard.state, reason) });
    });
    await this.#reload();
  }

  /** The one switch: no decision of any use case is acted on while it is closed. Guards keep their evidence. */
  async switchAll(closed: boolean, origin: Origin): Promise<void> {
    await this.#storage.write(async (tx) => {
      await store.setClosedForAll(tx, closed);
      await this.#record(tx, origin, closed ? 'guard.close_all' : 'guard.open_all', undefined, { closed });
    });
    await this.#reload();
  }

  get closedForAll(): boolean {
    return this.#closedForAll;
  }

  /** Another model decides now: each wish of the job starts anew for it, without evidence. */
  async follow(jobId: number, modelId: number): Promise<void> {
    const guards = (this.#live.get(jobId) ?? []).filter((guard) => guard.modelId !== modelId);
    if (guards.length === 0) return;
    const thresholds = new Map<number, readonly number[]>();
    for (const { classNo } of guards) thresholds.set(classNo, await this.#thresholds(jobId, modelId, classNo));
    await this.#storage.write(async (tx) => {
      const now = this.#clock();
      for (const guard of guards) {
        await store.endGuard(tx, guard.id, now, `model ${modelId}`);
        await this.#insertIn(tx, thresholds.get(guard.classNo)!, { ...guard, modelId }, now);
      }
    });
    await this.#reload();
  }

  /** Events that wait for a blind label, oldest first. What the model says of them is not in it, on purpose. */
  async waiting(job: Job, limit: number): Promise<{ readonly audit: DrawnAudit; readonly event: StoredEvent }[]> {
    if (job.activeModelId === null || !this.draws(job.id)) return [];
    const modelId = job.activeModelId;
    return this.#storage.read(async (tx) => {
      const found = [];
      for (const audit of await store.waitingAudits(tx, job.id, modelId, this.#clock(), limit)) {
        const event = await this.#events.getBySeqIn(tx, audit.eventSeq);
        if (event) found.push({ audit, event });
      }
      return found;
    });
  }

  /** Whether an event waits for a blind label now: whoever may give one must not see what the model says of it. */
  async isWaiting(job: Job, eventSeq: number): Promise<boolean> {
    if (job.activeModelId === null || !this.draws(job.id)) return false;
    const audit = await this.#storage.read((tx) => store.auditOfEvent(tx, eventSeq));
    return audit !== undefined && audit.answer === null && audit.modelId === job.activeModelId && audit.dueAt > this.#clock();
  }

  /** Numbers of all events of a job that wait for a blind label now. */
  async waitingEvents(job: Job): Promise<number[]> {
    const modelId = job.activeModelId;
    if (modelId === null || !this.draws(job.id)) return [];
    return this.#storage.read((tx) => store.waitingEvents(tx, job.id, modelId, this.#clock()));
  }

  /**
   * A blind label: a vote like any other, and evidence for the guards of the model under test. Only the first answer is evidence.
   * @throws Refusal `not_found`, `unknown_label`, or `refused` when it was answered before.
   */
  async answer(job: Job, auditId: number, labelText: string, voter: Voter, origin: Origin): Promise<void> {
    const audit = await this.#storage.read((tx) => store.getAudit(tx, job.id, auditId));
    if (!audit) throw new Refusal('not_found', `There is no audit ${auditId} in this AI use case.`);
    if (audit.answer !== null) throw new Refusal('refused', 'Somebody has labelled this one already. Take the next.');
    const event = await this.#events.getBySeq(audit.eventSeq);
    if (!event?.isCurrent) throw new Refusal('not_found', 'This event has a newer version by now, and is no audit any more.');
    const { label } = await this.#feedback.vote(job.id, event.eventId, {
      label: labelText,
      voter,
      through: 'app',
      asked: 'audit',
      chance: audit.chance,
    });
    await this.#storage.write((tx) =>
      store.answerAudit(tx, audit.id, label.classNo, this.#clock(), principalId(origin.principal)),
    );
    for (const guard of this.#live.get(job.id) ?? []) await this.#takeIn(guard);
  }

  /** Takes answered audits into a guard's evidence, in the order of drawing, up to the first that still waits. */
  async #takeIn(guard: Guard): Promise<void> {
    let more = true;
    let changed = false;
    let current = guard;
    while (more) {
      const before = current;
      current = await this.#storage.write(async (tx) => {
        const now = this.#clock();
        let next = before;
        const audits = await store.auditsAfter(tx, before, PER_UNIT);
        more = audits.length === PER_UNIT;
        for (const audit of audits) {
          const outcome = outcomeOf(audit, before.wrong, now);
          if (outcome === 'waiting') {
            more = false;
            break;
          }
          const state = next.state.audits > 0 || audit.excluded ? next.state : await settled(tx, next, audit);
          next = { ...next, taken: audit.id };
          if (state === undefined) continue;
          next = {
            ...next,
            state: addAudit(state, {
              label: classId(audit.classNo),
              confidence: audit.confidence,
              excluded: audit.excluded,
              outcome,
              chance: audit.chance,
            }),
          };
        }
        if (next !== before) await store.saveState(tx, next);
        return next;
      });
      changed ||= current !== before;
    }
    if (changed) await this.#reload();
  }

  /**
   * Thresholds to begin with, that suit the model's decisions: what it said lately, or, where it is new, what it would say of the newest
   * buckets. With the default ones a model that is never so sure would wait for ever. They last until the first audit counts ({@link settled}).
   */
  async #thresholds(jobId: number, modelId: number, classNo: number): Promise<readonly number[]> {
    const said = await this.#storage.read((tx) => store.trafficConfidences(tx, { jobId, modelId, classNo }, RECENT_DECISIONS));
    if (said.length >= ENOUGH_DECISIONS) return guardThresholds(said);
    const confidences: number[] = [];
    for (const text of await this.#storage.read((tx) => store.recentValues(tx, modelId, LOOKED_AT))) {
      const would = await this.#decisions.preview(modelId, parsePointValues(text));
      if (would?.classNo === classNo) confidences.push(would.confidence);
      await nextTurn();
    }
    return guardThresholds(confidences);
  }

  async #insertIn(
    tx: Tx,
    thresholds: readonly number[],
    wish: Pick<Guard, 'jobId' | 'modelId' | 'classNo' | 'maxErrorRate' | 'wrong' | 'openedBy'>,
    now: number,
  ): Promise<void> {
    const { jobId, modelId, classNo, maxErrorRate, wrong, openedBy } = wish;
    try {
      const state = createGuard({ label: classId(classNo), maxErrorRate, thresholds });
      // Audits that were drawn before somebody asked are no evidence: the wish may have been made after looking at them.
      const taken = await store.lastAudit(tx);
      await store.insertGuard(tx, { jobId, modelId, classNo, maxErrorRate, wrong, state, taken, openedBy, openedAt: now });
    } catch (error) {
      if (error instanceof RangeError) throw new Refusal('invalid', error.message);
      throw error;
    }
  }

  async #endIn(tx: Tx, jobId: number, classNo: number, now: number, origin: Origin): Promise<boolean> {
    const live = (await store.liveGuards(tx)).filter((guard) => guard.jobId === jobId && guard.classNo === classNo);
    for (const guard of live) await store.endGuard(tx, guard.id, now, principalId(origin.principal));
    return live.length > 0;
  }

  async #facts(tx: ReadTx, job: Job, decision: Decision, consensus: Consensus | undefined): Promise<typeof NO_FACTS> {
    const unseenProtected: string[] = [];
    if (job.settings.protectedPoints.length > 0) {
      const points = await this.#decisions.pointsOf(decision.modelId);
      const values = parsePointValues(decision.values);
      for (const [index, point] of points.entries()) {
        if (!job.settings.protectedPoints.includes(point)) continue;
        const known = await this.#knownValues(tx, job.id, decision.modelId, index);
        if (!known.has(JSON.stringify(values[index] ?? null))) unseenProtected.push(point);
      }
    }
    return { outlier: decision.outlier, undecided: consensus !== undefined && consensus.classNo === null, unseenProtected };
  }

  #knownValues(tx: ReadTx, jobId: number, modelId: number, index: number): Promise<ReadonlySet<string>> {
    const name = `${modelId}:${index}`;
    let known = this.#known.get(name);
    if (!known) {
      known = store
        .trainedValues(tx, modelId, jobId, KNOWN_VALUES)
        .then((texts) => new Set(texts.map((text) => JSON.stringify(parsePointValues(text)[index] ?? null))));
      if (this.#known.size >= 64) this.#known.clear();
      this.#known.set(name, known);
    }
    return known;
  }

  #other(job: Job, label: Label, name: string): number {
    const found = findLabel(job.labels, name);
    if (!found) {
      throw new Refusal(
        'unknown_label',
        `"${name.slice(0, 100)}" is not a label of "${job.title}". Valid labels: ${openLabels(job.labels)
          .map((each) => each.name)
          .join(', ')}.`,
      );
    }
    if (found.classNo === label.classNo)
      throw new Refusal('invalid', `A decision for ${label.name} cannot be wrong because analysts said ${label.name}.`);
    return found.classNo;
  }

  async #record(tx: Tx, origin: Origin, action: string, jobId: number | undefined, after: unknown): Promise<void> {
    await this.#audit.record(tx, origin, {
      action,
      objectKind: 'guard',
      objectId: String(jobId ?? 'all'),
      ...(jobId === undefined ? {} : { jobId }),
      after,
    });
  }

  async #reload(): Promise<void> {
    const { guards, closed } = await this.#storage.read(async (tx) => ({
      guards: await store.liveGuards(tx),
      closed: await store.isClosedForAll(tx),
    }));
    this.#live = Map.groupBy(guards, ({ jobId }) => jobId);
    this.#closedForAll = closed;
  }
}

const NO_FACTS = { outlier: false, undecided: false, unseenProtected: [] as readonly string[] };

/**
 * The state that an audit which may be the first to count is added to: with thresholds anew, from the decisions on events that came in before
 * it. Those to begin with come from buckets that are there; where people have labelled most of these, the model is surer of them than of
 * anything that is to come, and nothing would ever reach the strictest threshold. No label has counted until here, so the choice takes nothing
 * from the promise.
 * @returns undefined where too few have come in: then the audit is no evidence.
 */
async function settled(tx: ReadTx, guard: Guard, audit: DrawnAudit): Promise<GuardState | undefined> {
  const said = await store.trafficConfidences(tx, guard, RECENT_DECISIONS, audit.eventSeq - 1);
  if (said.length < FEWEST_DECISIONS) return undefined;
  const { label, maxErrorRate, confidence } = guard.state;
  return createGuard({ label, maxErrorRate, confidence, thresholds: guardThresholds(said) });
}

/** What makes a decision for a label wrong where nobody says: an escalation that was dropped; else any other label. */
function defaultWrong(job: Job, label: Label): number[] {
  const others = openLabels(job.labels).filter((other) => other.classNo !== label.classNo);
  const escalation = label.name.toLowerCase() === 'drop' ? others.filter((other) => other.name.toLowerCase() === 'escalate') : [];
  return (escalation.length > 0 ? escalation : others).map((other) => other.classNo);
}

/** The engine speaks of class ids; people know labels by name. */
function named(sentence: string, job: Job): string {
  return sentence.replaceAll(/"class_(\d+)"/g, (id, no: string) => {
    const label = job.labels.find((candidate) => candidate.classNo === Number(no));
    return label ? `"${label.name}"` : id;
  });
}

const INCOMPLETE = 'A step before the decision failed, so it was made without what the step would have told.';
