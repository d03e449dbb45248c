import type { Explanation } from '@verdict/engine';
import type { KnowledgeState } from '../buckets/bucket.ts';
import type { Consensus } from '../feedback/feedback.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Job } from '../jobs/job.ts';
import type { Automation, Decision } from './decision.ts';
import type { DecisionService } from './decision-service.ts';

/** Everything that is known about an event now, before it is put into anybody's words. */
export interface EventPicture {
  readonly event: StoredEvent;
  readonly decision: Decision | undefined;
  readonly state: KnowledgeState;
  readonly consensus: Consensus | undefined;
  readonly automation: Automation;
  readonly explanation: Explanation | undefined;
}

/** Asks the guard whether a decision may be acted on. */
export type Automate = (
  job: Job,
  event: StoredEvent,
  decision: Decision | undefined,
  consensus: Consensus | undefined,
) => Promise<Automation>;

/** Gathers what the features know about an event. */
export class EventPictures {
  readonly #events: EventService;
  readonly #decisions: DecisionService;
  readonly #feedback: FeedbackService;
  readonly #automate: Automate;

  constructor(events: EventService, decisions: DecisionService, feedback: FeedbackService, automate: Automate) {
    this.#events = events;
    this.#decisions = decisions;
    this.#feedback = feedback;
    this.#automate = automate;
  }

  /** @throws Refusal `event_not_found`. */
  async of(job: Job, eventId: string): Promise<EventPicture> {
    return this.ofEvent(job, await this.#events.get(job.id, eventId));
  }

  async ofEvent(job: Job, event: StoredEvent): Promise<EventPicture> {
    const decision = event.decisionId === null ? undefined : await this.#decisions.get(event.decisionId);
    const { state, consensus } = await this.#feedback.state(job, event);
    const explanation = decision && (await this.#decisions.explain(decision));
    const automation = await this.#automate(job, event, decision, consensus);
    return { event, decision, state, consensus, automation, explanation };
  }
}
