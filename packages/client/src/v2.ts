import type {
  AgenticNotesAnswer,
  AgenticNotesRequest,
  CategoryDetail,
  CategoryList,
  CodeBlockAnswer,
  CodeBlockRequest,
  EventQuery,
  EventQueryAnswer,
  FieldList,
  FieldsMapping,
  FieldsRequest,
  Filter,
  IntegrationParametersSchema,
  IntegrationTypeDetail,
  IntegrationTypeList,
  JobAndModelMetrics,
  JobMetrics,
  ModelMetricsView,
  RawQuery,
  RawQueryAnswer,
  RecomputeAnswer,
  ReprocessAnswer,
  ReprocessRequest,
  RequestStatus,
  ResourceList,
  ResourceMap,
  ResourcesAnswer,
  ResourceType,
  ScopeList,
  TokenAnswer,
  TokenRequest,
} from '@verdict/contract';
import { part, type Requester } from './requester.ts';

/** Which resource: by its title (the name of a key) or its number. */
export type ResourceName = { readonly title: string } | { readonly id: number };

/** Which events metrics are over; all where nothing is said. */
export interface MetricsOf {
  readonly start?: string;
  readonly end?: string;
  readonly filters?: readonly Filter[];
}

/** The management API: jobs, integrations and keys as a document, jobs started, stopped and trained. Needs a management key. */
export class V2 {
  readonly #send: Requester;

  constructor(requester: Requester) {
    this.#send = requester;
  }

  health(): Promise<RequestStatus> {
    return this.#send.json('GET', '/api/v2/health/');
  }

  /** The scopes of the calling key; none for an input key. */
  scopes(): Promise<ScopeList> {
    return this.#send.json('GET', '/api/v2/token/scopes');
  }

  /** A management key for some time, for a user's name and password. Refused with status 401, whose sentence is in `error_message`. */
  token(request: TokenRequest): Promise<TokenAnswer> {
    return this.#send.json('POST', '/api/v2/token', { body: request });
  }

  /** Makes what the document names, all of it or nothing. With `overwrite` what exists under the same titles is changed. */
  apply(resources: ResourceMap, options: { readonly overwrite?: boolean } = {}): Promise<ResourcesAnswer> {
    return this.#send.json('POST', '/api/v2/resources', {
      query: { overwrite: options.overwrite ?? false },
      body: { resources },
    });
  }

  resources(type?: ResourceType, name?: ResourceName): Promise<ResourceList> {
    return this.#send.json('GET', '/api/v2/resources', { query: { resource_type: type, ...name } });
  }

  /** Refused (`NOK`) while something else uses it. */
  deleteResource(type: ResourceType, name: ResourceName): Promise<RequestStatus> {
    return this.#send.json('DELETE', '/api/v2/resources', { query: { resource_type: type, ...name } });
  }

  /** The parameters that integrations take, by their type; with a role those of an entry in a job's pipeline. */
  integrationParameters(type?: string, role?: string): Promise<IntegrationParametersSchema> {
    return this.#send.json('GET', '/api/v2/resources/integration/parameters/schema', { query: { integration_type: type, role } });
  }

  /** The types of integrations that there are, or everything about one. */
  integrationTypes(type?: string, role?: string): Promise<IntegrationTypeList | IntegrationTypeDetail> {
    return this.#send.json('GET', '/api/v2/resources/integration/metadata', { query: { type, role } });
  }

  /** The categories of jobs, or what a job of one takes. */
  jobCategories(category?: string): Promise<CategoryList | CategoryDetail> {
    return this.#send.json('GET', '/api/v2/resources/job/metadata', { query: { category } });
  }

  start(jobId: number): Promise<RequestStatus> {
    return this.#act(jobId, 'start');
  }

  stop(jobId: number): Promise<RequestStatus> {
    return this.#act(jobId, 'stop');
  }

  train(jobId: number): Promise<RequestStatus> {
    return this.#act(jobId, 'train');
  }

  feedback(jobId: number, eventId: string, label: string): Promise<RequestStatus> {
    const path = `/api/v2/events/${part(jobId)}/${part(eventId)}/feedback`;
    return this.#send.json('PUT', path, { query: { feedback_label: label } });
  }

  /** Finds events by filters; `total_count` is exact. */
  query(query: EventQuery): Promise<EventQueryAnswer> {
    return this.#send.json('POST', '/api/v2/events/query', { body: query, repeatable: true });
  }

  /** Finds and aggregates events in Elasticsearch query DSL; what is not supported is refused by name. */
  elastic(query: RawQuery): Promise<RawQueryAnswer> {
    return this.#send.json('POST', '/api/v2/events/raw_es_query', { body: query, repeatable: true });
  }

  /** The fields that can be filtered by, with their operators. */
  filterFields(request: FieldsRequest = {}): Promise<FieldList> {
    return this.#send.json('POST', '/api/v2/filters/fields', { body: request, repeatable: true });
  }

  /** The Elasticsearch type of each field. */
  fieldsMapping(request: FieldsRequest = {}): Promise<FieldsMapping> {
    return this.#send.json('POST', '/api/v2/filters/fields_mapping', { body: request, repeatable: true });
  }

  /** Has the events that fulfil all conditions decided again by the active model, all without any; in the background. */
  reprocess(jobId: number, which: ReprocessRequest = {}): Promise<ReprocessAnswer> {
    return this.#send.json('POST', `/api/v2/events/${part(jobId)}/reprocess`, { body: which });
  }

  /** Has one event decided again, at once. */
  reprocessEvent(jobId: number, eventId: string): Promise<ReprocessAnswer> {
    return this.#send.json('POST', `/api/v2/events/${part(jobId)}/${part(eventId)}/reprocess`, { repeatable: true });
  }

  /** Keeps what an agent found with an event; people see it, it is never counted as feedback. */
  addNotes(jobId: number, eventId: string, notes: AgenticNotesRequest): Promise<AgenticNotesAnswer> {
    return this.#send.json('POST', `/api/v2/events/${part(jobId)}/${part(eventId)}/add_agentic_notes`, { body: notes });
  }

  /** Runs a code step without keeping it. */
  testCodeStep(step: CodeBlockRequest): Promise<CodeBlockAnswer> {
    return this.#send.json('POST', '/api/v2/inline_code_blocks/test', { body: step, repeatable: true });
  }

  /** Attaches a code step to a job, which it runs on from then on; `stderr` says where it failed and was not saved. */
  saveCodeStep(step: CodeBlockRequest): Promise<CodeBlockAnswer> {
    return this.#send.json('POST', '/api/v2/inline_code_blocks/save', { body: step });
  }

  /** How often people agree with the decisions of a job. `job` is its number or its title; times are ISO 8601, an end that is a day includes it. */
  jobMetrics(job: number | string, which: MetricsOf = {}): Promise<JobMetrics> {
    return this.#send.json('POST', '/api/v2/metrics/job', metricsCall(job, which));
  }

  /** The same beside the metrics of the active model; waits up to `timeout` seconds for those where they are being computed. */
  jobAndModelMetrics(job: number | string, which: MetricsOf & { readonly timeout?: number } = {}): Promise<JobAndModelMetrics> {
    const { query, ...call } = metricsCall(job, which);
    const path = '/api/v2/metrics/job_and_latest_model';
    return this.#send.json('POST', path, { ...call, query: { ...query, timeout_s: which.timeout } });
  }

  /** How a model does on what it did not learn. */
  modelMetrics(job: number | string, modelId: number): Promise<ModelMetricsView> {
    return this.#send.json('GET', '/api/v2/metrics/model', { query: { job_id: job, model_id: modelId } });
  }

  /** Has the metrics of a model computed anew; while that is under way, asking again changes nothing. */
  recomputeModelMetrics(job: number | string, modelId: number): Promise<RecomputeAnswer> {
    const query = { job_id: job, model_id: modelId };
    return this.#send.json('POST', '/api/v2/metrics/model/request_recompute_metrics', { query });
  }

  #act(jobId: number, action: 'start' | 'stop' | 'train'): Promise<RequestStatus> {
    return this.#send.json('POST', `/api/v2/jobs/${part(jobId)}/${action}`);
  }
}

function metricsCall(job: number | string, { start, end, filters }: MetricsOf) {
  const query = { job_id: job, start_datetime: start, end_datetime: end };
  // It only reads, so it may be sent again.
  return { query, body: { filters: filters ?? [] }, repeatable: true };
}
