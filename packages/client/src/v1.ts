import type {
  ActionAnswer,
  BulkAnswer,
  BulkItem,
  DecisionView,
  ExplanationView,
  ExportAnswer,
  FeedbackAnswer,
  FeedbackRequest,
  HealthView,
  IngestAnswer,
  IngestRequest,
  JobView,
  LabelNames,
} from '@verdict/contract';
import { part, type Requester } from './requester.ts';

/** The API a SOAR speaks: alerts in, decisions out, feedback back. Needs an input key (or a management key with the scopes). */
export class V1 {
  readonly #send: Requester;

  constructor(requester: Requester) {
    this.#send = requester;
  }

  /** Whether the service is there and the key is good; a bad key is an answer, no error. */
  health(): Promise<HealthView> {
    return this.#send.json('GET', '/api/v1/health/', { accept: [401] });
  }

  jobs(): Promise<JobView[]> {
    return this.#send.json('GET', '/api/v1/jobs/');
  }

  job(jobId: number): Promise<JobView> {
    return this.#send.json('GET', `/api/v1/jobs/${part(jobId)}`);
  }

  jobByName(name: string): Promise<JobView> {
    return this.#send.json('POST', '/api/v1/jobs/get_by_name', { body: { job_name: name }, repeatable: true });
  }

  labelsByName(name: string): Promise<LabelNames> {
    return this.#send.json('POST', '/api/v1/jobs/get_by_name/labels', { body: { job_name: name }, repeatable: true });
  }

  labels(jobId: number): Promise<LabelNames> {
    return this.#send.json('GET', `/api/v1/jobs/${part(jobId)}/labels`);
  }

  /** Asks for a training. `status` says whether it began. */
  train(jobId: number, username?: string): Promise<ActionAnswer> {
    return this.#act(jobId, 'train', username);
  }

  start(jobId: number, username?: string): Promise<ActionAnswer> {
    return this.#act(jobId, 'start', username);
  }

  stop(jobId: number, username?: string): Promise<ActionAnswer> {
    return this.#act(jobId, 'stop', username);
  }

  /** Sends an alert under a new id. Not sent again after a failure: it might be stored twice. */
  send(event: IngestRequest): Promise<IngestAnswer> {
    return this.#send.json('POST', '/api/v1/events/', { body: event });
  }

  /** Sends an alert under an id of its own: safe to repeat, and repeated where the service was busy. */
  sendAs(eventId: string, event: IngestRequest): Promise<IngestAnswer> {
    return this.#send.json('POST', `/api/v1/events/${part(eventId)}`, { body: event, repeatable: true });
  }

  /**
   * Sends an alert under an id of its own and waits for the decision, at most `waitMs` (0 to 5,000).
   * @returns the ingest answer where it took longer.
   */
  sendAndWait(eventId: string, event: IngestRequest, waitMs = 5_000): Promise<DecisionView | IngestAnswer> {
    const path = `/api/v1/events/${part(eventId)}`;
    return this.#send.json('POST', path, { body: event, query: { wait_ms: waitMs }, repeatable: true });
  }

  /** Sends many alerts at once. Repeated where the service was busy if each has an id of its own. */
  bulk(jobId: number, events: readonly BulkItem[]): Promise<BulkAnswer> {
    const repeatable = events.every((event) => typeof event.event_id === 'string');
    const body = { count: events.length, events };
    return this.#send.json('POST', `/api/v1/bulk/${part(jobId)}`, { body, repeatable, timeout: 120_000 });
  }

  decision(jobId: number, eventId: string): Promise<DecisionView> {
    return this.#send.json('GET', `/api/v1/events/${part(jobId)}/${part(eventId)}`);
  }

  explanation(jobId: number, eventId: string): Promise<ExplanationView> {
    return this.#send.json('GET', `/api/v1/events/${part(jobId)}/${part(eventId)}/explanation`);
  }

  export(jobId: number, eventId: string): Promise<ExportAnswer> {
    return this.#send.json('GET', `/api/v1/events/${part(jobId)}/${part(eventId)}/export`);
  }

  feedback(jobId: number, eventId: string, feedback: FeedbackRequest): Promise<FeedbackAnswer> {
    return this.#send.json('PUT', `/api/v1/events/${part(jobId)}/${part(eventId)}/feedback`, { body: feedback });
  }

  #act(jobId: number, action: 'train' | 'start' | 'stop', username: string | undefined): Promise<ActionAnswer> {
    return this.#send.json('POST', `/api/v1/jobs/${part(jobId)}/${action}`, { query: { username } });
  }
}
