import type { Vault } from '../access/secrets.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import {
  type CodeStep,
  DESCRIPTION_MAX,
  failedRun,
  isPython,
  LIMITS,
  PYTHON_REFUSED,
  type Ran,
  type RunnableStep,
  type RunOrder,
  SOURCE_MAX,
  STEPS_MAX,
  type StepLimits,
  type StepVersion,
  TITLE_MAX,
  VARIABLE_MAX,
  VARIABLES_MAX,
} from './code-step.ts';
import * as store from './code-step-store.ts';

/** A step as somebody sends it. */
export interface StepDraft {
  readonly title: string;
  readonly description: string;
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly limits: Partial<StepLimits>;
}

/** What a step is tried on: a record as JSON text, or a stored event of the job as it came. */
export type TriedOn = { readonly record: string } | { readonly eventId: string };

/** What can be changed without another version; what is undefined stays. */
export interface StepChange {
  readonly enabled?: boolean | undefined;
  /** From 1; the others keep their order around it. */
  readonly position?: number | undefined;
  /** The version that runs from now on: an older one is gone back to. */
  readonly version?: number | undefined;
}

/** Code steps of jobs: try, save, arrange, remove. */
export class CodeStepService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #vault: Vault;
  readonly #jobs: JobService;
  readonly #events: EventService;
  readonly #run: (order: RunOrder, signal?: AbortSignal) => Promise<Ran>;
  readonly #recordMax: number;
  readonly #listeners: ((jobId: number) => void)[] = [];

  constructor(parts: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly audit: AuditTrail;
    readonly vault: Vault;
    readonly jobs: JobService;
    readonly events: EventService;
    readonly run: (order: RunOrder, signal?: AbortSignal) => Promise<Ran>;
    readonly recordMax: number;
  }) {
    this.#storage = parts.storage;
    this.#clock = parts.clock;
    this.#audit = parts.audit;
    this.#vault = parts.vault;
    this.#jobs = parts.jobs;
    this.#events = parts.events;
    this.#run = parts.run;
    this.#recordMax = parts.recordMax;
  }

  /** Calls `listener` with the number of a job whose steps were changed, once that is durable. */
  onChange(listener: (jobId: number) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Tries a step; nothing is kept.
   * @param jobId the job that it is for; needed to try it on an event.
   * @throws Refusal `invalid` naming what is wrong with the draft; `event_not_found`; `too_many`.
   */
  async test(draft: StepDraft, on: TriedOn, jobId: number | undefined, signal?: AbortSignal): Promise<Ran> {
    const step = checked(draft);
    if (isPython(step.source)) return failedRun(PYTHON_REFUSED);
    const record = 'record' in on ? on.record : await this.#alertOf(jobId, on.eventId);
    const variables = withJob(step.variables, jobId);
    return this.#run({ steps: [{ ...step, variables }], record, recordMax: this.#recordMax }, signal);
  }

  /**
   * Tries a step and, where that went well, attaches it to a job: after the steps that are there, or as the next version of the one with
   * the same title. It runs on every event that comes in from then on.
   * @returns what the try did, and the step, undefined where it failed.
   * @throws Refusal as {@link test}, and `refused` when the job has too many.
   */
  async save(
    jobId: number,
    draft: StepDraft,
    on: TriedOn,
    origin: Origin,
    signal?: AbortSignal,
  ): Promise<{ readonly ran: Ran; readonly step: CodeStep | undefined }> {
    const step = checked(draft);
    const ran = await this.test(draft, on, jobId, signal);
    if (ran.record === null) return { ran, step: undefined };
    // Sealed before the unit: reading the key may wait.
    const sealed = Object.fromEntries(
      Object.entries(step.variables).map(([name, value]) => [name, this.#vault.seal(value, contextOf(jobId, name))]),
    );
    const { source, limits } = step;
    const saved = await this.#storage.write(async (tx) => {
      if (!(await this.#jobs.findIn(tx, jobId))) throw noJob(jobId);
      const steps = await store.listSteps(tx, jobId);
      const before = steps.find(({ title }) => title === step.title);
      if (!before && steps.length >= STEPS_MAX)
        throw new Refusal('refused', `An AI use case can have at most ${STEPS_MAX} code steps. Remove one first.`);
      const id = before?.id ?? (await store.insertStep(tx, jobId, step.title, draft.description));
      const savedBy = principalId(origin.principal);
      const version = await store.addVersion(tx, id, { source, sealed, limits, savedAt: this.#clock(), savedBy });
      const position = before?.position ?? steps.length + 1;
      await store.updateStep(tx, { id, description: draft.description, position, enabled: true, version });
      const after = (await store.getStep(tx, jobId, id))!;
      await this.#record(tx, origin, 'code_step.save', after, before);
      await this.#changed(tx, jobId);
      return after;
    });
    return { ran, step: saved };
  }

  /** The steps of a job in the order in which they run. */
  async list(jobId: number): Promise<CodeStep[]> {
    return this.#storage.read((tx) => store.listSteps(tx, jobId));
  }

  /** A step with all its versions, newest first. @throws Refusal `not_found`. */
  async get(jobId: number, id: number): Promise<{ readonly step: CodeStep; readonly versions: readonly StepVersion[] }> {
    return this.#storage.read(async (tx) => {
      const step = await store.getStep(tx, jobId, id);
      if (!step) throw noStep(jobId, id);
      return { step, versions: await store.listVersions(tx, id) };
    });
  }

  /** Switches a step on or off, moves it, or goes back to another version. @throws Refusal `not_found`, `invalid`. */
  async change(jobId: number, id: number, change: StepChange, origin: Origin): Promise<CodeStep> {
    return this.#storage.write(async (tx) => {
      const steps = await store.listSteps(tx, jobId);
      const before = steps.find((step) => step.id === id);
      if (!before) throw noStep(jobId, id);
      const version = change.version ?? before.current.version;
      if (!(await store.listVersions(tx, id)).some((known) => known.version === version))
        throw new Refusal('invalid', `"${before.title}" has no version ${version}.`);
      const order = steps.filter((step) => step.id !== id);
      const place = Math.min(steps.length, Math.max(1, change.position ?? steps.indexOf(before) + 1));
      order.splice(place - 1, 0, before);
      for (const [index, step] of order.entries()) {
        const own = step.id === id ? { version, enabled: change.enabled ?? step.enabled } : { version: step.current.version };
        await store.updateStep(tx, { ...step, ...own, position: index + 1 });
      }
      const after = (await store.getStep(tx, jobId, id))!;
      await this.#record(tx, origin, 'code_step.change', after, before);
      await this.#changed(tx, jobId);
      return after;
    });
  }

  /** Removes a step with all its versions; events that it ran on stay as they are. @throws Refusal `not_found`. */
  async remove(jobId: number, id: number, origin: Origin): Promise<void> {
    await this.#storage.write(async (tx) => {
      const step = await store.getStep(tx, jobId, id);
      if (!step) throw noStep(jobId, id);
      await store.deleteStep(tx, id);
      await this.#record(tx, origin, 'code_step.remove', undefined, step);
      await this.#changed(tx, jobId);
    });
  }

  /** The enabled steps of a job, ready to run. @throws Refusal `secret_unavailable` without the key that variables are sealed with. */
  async runnable(jobId: number): Promise<RunnableStep[]> {
    const steps = await this.list(jobId);
    return steps
      .filter(({ enabled }) => enabled)
      .map(({ title, current }) => {
        const variables = Object.fromEntries(
          Object.entries(current.sealed).map(([name, sealed]) => [name, this.#vault.open(sealed, contextOf(jobId, name))]),
        );
        return { title, source: current.source, limits: current.limits, variables: withJob(variables, jobId) };
      });
  }

  async #alertOf(jobId: number | undefined, eventId: string): Promise<string> {
    if (jobId === undefined) throw new Refusal('invalid', 'body.job_id must say which job the event is in.');
    return this.#events.body((await this.#events.get(jobId, eventId)).seq);
  }

  async #changed(tx: Tx, jobId: number): Promise<void> {
    await this.#jobs.touchIn(tx, jobId);
    tx.afterCommit(() => {
      for (const listener of this.#listeners) listener(jobId);
    });
  }

  async #record(
    tx: Tx,
    origin: Origin,
    action: string,
    after: CodeStep | undefined,
    before: CodeStep | undefined,
  ): Promise<void> {
    const step = (after ?? before)!;
    await this.#audit.record(tx, origin, {
      action,
      objectKind: 'code_step',
      objectId: String(step.id),
      jobId: step.jobId,
      ...(before && { before: auditView(before) }),
      ...(after && { after: auditView(after) }),
    });
  }
}

/** Without the values of variables. */
function auditView({ title, position, enabled, current }: CodeStep): Record<string, unknown> {
  const { version, source, sealed, limits } = current;
  return { title, position, enabled, version, source, variables: Object.keys(sealed), limits };
}

/** Fills in limits and holds the draft to its bounds. @throws Refusal `invalid` naming what is wrong. */
function checked(draft: StepDraft): RunnableStep {
  const refuse = (member: string, msg: string): never => {
    throw new Refusal('invalid', `body.${member} ${msg}.`, {
      problems: [{ loc: ['body', ...member.split('.')], msg, type: 'invalid' }],
    });
  };
  const title = draft.title.trim();
  if (title === '' || title.length > TITLE_MAX || /\p{Cc}/u.test(title))
    refuse('title', `must be 1 to ${TITLE_MAX} characters without control characters`);
  if (draft.description.length > DESCRIPTION_MAX) refuse('description', `can have at most ${DESCRIPTION_MAX} characters`);
  if (draft.source.trim() === '') refuse('source_code', 'must not be empty');
  if (draft.source.length > SOURCE_MAX) refuse('source_code', `can have at most ${SOURCE_MAX} characters`);
  const variables = Object.entries(draft.variables);
  if (variables.length > VARIABLES_MAX) refuse('env_variables', `can have at most ${VARIABLES_MAX} variables`);
  for (const [name, value] of variables) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) || name === '__proto__')
      refuse('env_variables', 'must have names of letters, digits and _');
    if (value.length > VARIABLE_MAX) refuse('env_variables', `can have at most ${VARIABLE_MAX} characters in each`);
  }
  const within = (member: string, asked: number | undefined, { least, usual, most }: (typeof LIMITS)[keyof typeof LIMITS]) => {
    const value = asked ?? usual;
    if (!(value >= least && value <= most)) refuse(`settings.limits.${member}`, `must be from ${least} to ${most}`);
    return value;
  };
  return {
    title,
    source: draft.source,
    variables: draft.variables,
    limits: {
      cpuSeconds: within('cpu_time_limit_seconds', draft.limits.cpuSeconds, LIMITS.cpuSeconds),
      memoryMb: Math.floor(within('memory_limit_mb', draft.limits.memoryMb, LIMITS.memoryMb)),
    },
  };
}

/** Every step can tell which job it runs for. */
function withJob(variables: Readonly<Record<string, string>>, jobId: number | undefined): Readonly<Record<string, string>> {
  return jobId === undefined ? variables : { JOB_ID: String(jobId), ...variables };
}

function contextOf(jobId: number, name: string): string {
  return `code_step:${jobId}:${name}`;
}

function noJob(jobId: number): Refusal {
  return new Refusal('job_not_found', `There is no AI use case with the job id ${jobId} for this key.`);
}

function noStep(jobId: number, id: number): Refusal {
  return new Refusal('not_found', `The AI use case ${jobId} has no code step ${id}.`);
}
