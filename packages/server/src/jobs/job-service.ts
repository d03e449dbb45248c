import type { PointType } from '@verdict/engine';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, type Principal, principalId } from '../http/principal.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import {
  CATEGORIES,
  type Category,
  checkLabelName,
  DEFAULT_LABELS,
  findLabel,
  type Job,
  type JobCounters,
  type JobIntegration,
  type JobSettings,
  type Label,
  openLabels,
  planLabels,
  planPoints,
  planPointTypes,
  samePoints,
} from './job.ts';
import * as store from './job-store.ts';

/** What can be asked for when a job is made or changed; what is undefined stays as it is. */
export interface JobDraft {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly category?: string | undefined;
  readonly labels?: readonly { readonly name: string; readonly hexColor?: string | undefined }[] | undefined;
  readonly points?: readonly string[] | undefined;
  /** By path; null has the type found from the data again. */
  readonly pointTypes?: Readonly<Record<string, PointType | null>> | undefined;
  readonly integrations?: readonly JobIntegration[] | undefined;
  readonly settings?: Partial<JobSettings> | undefined;
}

/** Told inside the unit when the decision points of a job changed and stored events are to be put in buckets again. */
export type OnPointsChanged = (tx: Tx, jobId: number, version: number, origin: Origin) => Promise<void>;

/** Jobs: make, change, start, stop, delete, and who may see which. */
export class JobService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  #onPointsChanged: OnPointsChanged = async () => {};
  readonly #cache = new Map<number, Job>();
  /** Jobs that each input key sees; dropped whenever wiring changes. */
  readonly #visible = new Map<number, ReadonlySet<number>>();
  /** Grows when something is forgotten: what was read before that is not remembered after it. */
  readonly #listeners: ((jobId: number) => void)[] = [];
  #generation = 0;

  constructor(storage: Storage, clock: Clock, audit: AuditTrail) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
  }

  /** Set once, while the services are wired. */
  onPointsChanged(listener: OnPointsChanged): void {
    this.#onPointsChanged = listener;
  }

  /**
   * The job, if the caller may see it.
   * @throws Refusal `job_not_found`, also for a job that is there but not this key's.
   */
  async get(principal: Principal, id: number): Promise<Job> {
    if (principal.kind === 'input' && !(await this.#visibleJobs(principal.keyId)).has(id)) throw noJob(id);
    // A change is in the database shortly before it is on the disk and forgotten here. Who has read of it there is not told the old job.
    const job = this.#cache.has(id) ? await this.#storage.read((tx) => this.findIn(tx, id)) : await this.find(id);
    if (!job) throw noJob(id);
    return job;
  }

  /** The job by its exact title, under the same rule. */
  async getByTitle(principal: Principal, title: string): Promise<Job> {
    const job = await this.#storage.read((tx) => store.getJobByTitle(tx, title));
    if (!job || (principal.kind === 'input' && !(await this.#visibleJobs(principal.keyId)).has(job.id))) {
      throw new Refusal('job_not_found', `There is no AI use case named "${title.slice(0, 200)}" for this key.`);
    }
    return job;
  }

  /** All jobs the caller may see, by number. */
  async list(principal: Principal): Promise<Job[]> {
    const jobs = await this.#storage.read((tx) => store.listJobs(tx));
    if (principal.kind !== 'input') return jobs;
    const visible = await this.#visibleJobs(principal.keyId);
    return jobs.filter((job) => visible.has(job.id));
  }

  /** The job whoever asks; kept in memory until it changes. */
  async find(id: number): Promise<Job | undefined> {
    const known = this.#cache.get(id);
    if (known) return known;
    const generation = this.#generation;
    const job = await this.#storage.read((tx) => store.getJob(tx, id));
    if (job && generation === this.#generation) this.#cache.set(job.id, job);
    return job;
  }

  /** The job as it is inside a unit of work: what ingest and decisions build on. */
  async findIn(tx: ReadTx, id: number): Promise<Job | undefined> {
    const cached = this.#cache.get(id);
    if (cached && (await store.getJobVersion(tx, id)) === cached.version) return cached;
    return store.getJob(tx, id);
  }

  /** The job by its exact title inside a unit of work, whoever asks. */
  async findByTitleIn(tx: ReadTx, title: string): Promise<Job | undefined> {
    return store.getJobByTitle(tx, title);
  }

  async counters(id: number): Promise<JobCounters> {
    return this.#storage.read((tx) => store.getCounters(tx, id));
  }

  /** Counts events that a unit of ingest stored. */
  async countEventsIn(tx: Tx, id: number, added: number, at: number): Promise<void> {
    await store.countEvents(tx, id, added, at);
  }

  /** Counts events that got their first feedback (negative: lost their last). */
  async countFeedbackIn(tx: Tx, id: number, added: number, at: number): Promise<void> {
    await store.countFeedback(tx, id, added, at);
  }

  /** Whether the job cannot run because it has no input any more. */
  async isInvalid(job: Job): Promise<boolean> {
    return job.integrations.length > 0 && !(await this.#storage.read((tx) => store.hasInput(tx, job.id)));
  }

  /** Makes a job, stopped. @throws Refusal `refused` when the title exists, `invalid` when something about the draft is wrong. */
  create(draft: JobDraft & { readonly title: string }, origin: Origin): Promise<Job> {
    return this.#storage.write((tx) => this.createIn(tx, draft, origin));
  }

  /** `create` inside a larger unit (a document that is applied all or nothing). */
  async createIn(tx: Tx, draft: JobDraft & { readonly title: string }, origin: Origin): Promise<Job> {
    const now = this.#clock();
    const title = checkTitle(draft.title);
    if (await store.getJobByTitle(tx, title)) throw new Refusal('refused', `An AI use case named "${title}" exists already.`);
    const category = checkCategory(draft.category ?? CATEGORIES[0]);
    const labels = attempt(() => planLabels([], draft.labels ?? DEFAULT_LABELS));
    const points = attempt(() => planPoints(draft.points ?? []));
    const types = attempt(() => planPointTypes({}, draft.pointTypes ?? {}, points));
    const createdBy = principalId(origin.principal);
    const id = await store.insertJob(
      tx,
      { title, description: draft.description ?? '', category, settings: checkSettings(draft.settings ?? {}), createdBy },
      now,
    );
    await store.saveLabels(tx, id, labels);
    if (draft.integrations) await this.#wire(tx, id, draft.integrations);
    if (points.length > 0) await store.insertPoints(tx, id, points, types, createdBy, now);
    const job = (await store.getJob(tx, id))!;
    await this.#audit.record(tx, origin, {
      action: 'job.create',
      objectKind: 'job',
      objectId: String(id),
      jobId: id,
      after: auditView(job),
    });
    this.#forgetAfter(tx, id);
    return job;
  }

  /** Changes a job; what the draft leaves out stays. Changing decision points puts stored events in buckets again. */
  update(id: number, draft: JobDraft, origin: Origin): Promise<Job> {
    return this.#storage.write((tx) => this.updateIn(tx, id, draft, origin));
  }

  /** `update` inside a larger unit. */
  async updateIn(tx: Tx, id: number, draft: JobDraft, origin: Origin): Promise<Job> {
    const now = this.#clock();
    const before = await store.getJob(tx, id);
    if (!before) throw noJob(id);
    const title = draft.title === undefined ? before.title : checkTitle(draft.title);
    if (title !== before.title && (await store.getJobByTitle(tx, title))) {
      throw new Refusal('refused', `An AI use case named "${title}" exists already.`);
    }
    const category = draft.category === undefined ? before.category : checkCategory(draft.category);
    const settings = { ...before.settings, ...checkSettings(draft.settings ?? {}) };
    await store.updateJob(tx, id, { title, description: draft.description ?? before.description, category, settings }, now);
    if (draft.labels)
      await store.saveLabels(
        tx,
        id,
        attempt(() => planLabels(before.labels, draft.labels!)),
      );
    if (draft.integrations) await this.#wire(tx, id, draft.integrations);
    const points = draft.points === undefined ? before.points : attempt(() => planPoints(draft.points!));
    const pointsChanged = !samePoints(points, before.points);
    const types = attempt(() => planPointTypes(before.pointTypes, draft.pointTypes ?? {}, points));
    // A change of category counts feedback anew, over buckets or over events: the same walk over the stored events does it.
    if (pointsChanged || category !== before.category) {
      const version = await store.insertPoints(tx, id, points, types, principalId(origin.principal), now);
      await this.#onPointsChanged(tx, id, version, origin);
    } else if (draft.pointTypes) await store.savePointTypes(tx, id, before.pointsVersion, types);
    const after = (await store.getJob(tx, id))!;
    await this.#audit.record(tx, origin, {
      action: pointsChanged ? 'job.points' : 'job.update',
      objectKind: 'job',
      objectId: String(id),
      jobId: id,
      before: auditView(before),
      after: auditView(after),
    });
    this.#forgetAfter(tx, id);
    return after;
  }

  /** Renames one label; its class number, colour and place stay. */
  async renameLabel(id: number, classNo: number, name: string, origin: Origin): Promise<Job> {
    return this.#storage.write(async (tx) => {
      const before = await store.getJob(tx, id);
      if (!before) throw noJob(id);
      const label = openLabels(before.labels).find((candidate) => candidate.classNo === classNo);
      if (!label) throw new Refusal('not_found', `This AI use case has no label class_${classNo}.`);
      const same = findLabel(before.labels, name);
      if (same && same.classNo !== classNo) throw new Refusal('refused', `Another label is named "${same.name}" already.`);
      attempt(() => checkLabelName(name));
      await store.saveLabels(tx, id, [{ ...label, name: name.trim() }]);
      const after = (await store.getJob(tx, id))!;
      await this.#audit.record(tx, origin, {
        action: 'job.label',
        objectKind: 'job',
        objectId: String(id),
        jobId: id,
        before: { classNo, name: label.name },
        after: { classNo, name: name.trim() },
      });
      this.#forgetAfter(tx, id);
      return after;
    });
  }

  /** Takes events from now on. @throws Refusal `refused` when it has no input integration. */
  async start(id: number, origin: Origin): Promise<Job> {
    return this.#setRunning(id, true, origin);
  }

  /** Takes no events until it is started again; what was accepted is kept and can be asked for. */
  async stop(id: number, origin: Origin): Promise<Job> {
    return this.#setRunning(id, false, origin);
  }

  /**
   * Deletes a stopped job with everything in it, in small units so that others are not kept waiting.
   * @throws Refusal `in_use` while it runs.
   */
  async delete(id: number, origin: Origin): Promise<void> {
    const job = await this.find(id);
    if (!job) throw noJob(id);
    if (job.running) throw new Refusal('in_use', `"${job.title}" is running. Stop it before you delete it.`);
    // The title is free at once and nobody sees a half-deleted job: its wiring goes first.
    await this.#storage.write(async (tx) => {
      await store.saveIntegrations(tx, id, []);
      await this.#audit.record(tx, origin, {
        action: 'job.delete',
        objectKind: 'job',
        objectId: String(id),
        jobId: id,
        before: auditView(job),
      });
      this.#forgetAfter(tx, id);
    });
    while (await this.#storage.write((tx) => store.deleteSomeEvents(tx, id, 500)));
    await this.#storage.write(async (tx) => {
      await store.deleteJob(tx, id);
      this.#forgetAfter(tx, id);
    });
  }

  /** Forgets which jobs each key sees; called after keys or integrations changed. */
  forgetWiring(): void {
    this.#generation++;
    this.#visible.clear();
    this.#cache.clear();
  }

  /** Says that something which belongs to the job changed in this unit: its code steps. */
  async touchIn(tx: Tx, id: number): Promise<void> {
    await store.touchJob(tx, id, this.#clock());
    this.#forgetAfter(tx, id);
  }

  /** Drops the job from memory once the unit is durable. */
  forgetAfter(tx: Tx, id: number): void {
    this.#forgetAfter(tx, id);
  }

  async #setRunning(id: number, running: boolean, origin: Origin): Promise<Job> {
    return this.#storage.write(async (tx) => {
      const before = await store.getJob(tx, id);
      if (!before) throw noJob(id);
      if (running && !(await store.hasInput(tx, id))) {
        throw new Refusal('refused', `"${before.title}" has no input integration. Add one before you start it.`);
      }
      if (before.running === running) return before;
      await store.setRunning(tx, id, running, this.#clock());
      await this.#audit.record(tx, origin, {
        action: running ? 'job.start' : 'job.stop',
        objectKind: 'job',
        objectId: String(id),
        jobId: id,
        before: { running: before.running },
        after: { running },
      });
      this.#forgetAfter(tx, id);
      return (await store.getJob(tx, id))!;
    });
  }

  /** @throws Refusal `invalid` naming an integration that is not there. */
  async #wire(tx: Tx, id: number, integrations: readonly JobIntegration[]): Promise<void> {
    for (const { integrationId } of integrations) {
      if (!(await store.integrationExists(tx, integrationId)))
        throw new Refusal('invalid', `There is no integration ${integrationId}. Make it first.`);
    }
    await store.saveIntegrations(tx, id, integrations);
  }

  async #visibleJobs(keyId: number): Promise<ReadonlySet<number>> {
    const known = this.#visible.get(keyId);
    if (known) return known;
    const generation = this.#generation;
    const jobs = new Set(await this.#storage.read((tx) => store.jobIdsOfKey(tx, keyId)));
    if (this.#visible.size > 10_000) this.#visible.clear();
    if (generation === this.#generation) this.#visible.set(keyId, jobs);
    return jobs;
  }

  /** Calls `listener` with the number of each job that was changed, once that is durable. */
  onChange(listener: (jobId: number) => void): void {
    this.#listeners.push(listener);
  }

  #forgetAfter(tx: Tx, id: number): void {
    tx.afterCommit(() => {
      this.#generation++;
      this.#cache.delete(id);
      this.#visible.clear();
      for (const listener of this.#listeners) listener(id);
    });
  }
}

function noJob(id: number): Refusal {
  return new Refusal('job_not_found', `There is no AI use case with the job id ${id} for this key.`);
}

function checkTitle(title: string): string {
  const trimmed = title.trim();
  if (trimmed === '') throw new Refusal('invalid', 'An AI use case needs a title.');
  if (trimmed.length > 200) throw new Refusal('invalid', 'The title can have at most 200 characters.');
  return trimmed;
}

function checkCategory(category: string): Category {
  const found = CATEGORIES.find((known) => known.toLowerCase() === category.trim().toLowerCase());
  if (!found) throw new Refusal('invalid', `The category is one of: ${CATEGORIES.join(', ')}.`);
  return found;
}

function checkSettings(settings: Partial<JobSettings>): Partial<JobSettings> {
  const { retentionDays, minutesPerAlert, outlierRate, auditRate, protectedPoints } = settings;
  if (auditRate !== undefined && !(auditRate > 0 && auditRate <= 1)) {
    throw new Refusal('invalid', 'The audit rate is a share above 0 and at most 1.');
  }
  if (protectedPoints !== undefined) attempt(() => planPoints(protectedPoints));
  if (
    retentionDays !== undefined &&
    retentionDays !== null &&
    !(Number.isInteger(retentionDays) && retentionDays >= 1 && retentionDays <= 36_500)
  ) {
    throw new Refusal('invalid', 'Retention is a whole number of days from 1 to 36500, or null for ever.');
  }
  if (minutesPerAlert !== undefined && !(minutesPerAlert >= 0 && minutesPerAlert <= 1_440)) {
    throw new Refusal('invalid', 'Minutes per alert is a number from 0 to 1440.');
  }
  if (outlierRate !== undefined && !(outlierRate >= 0 && outlierRate <= 0.5)) {
    throw new Refusal('invalid', 'The outlier rate is a share from 0 to 0.5.');
  }
  return settings;
}

/** Rules of the domain speak plain errors; here they become refusals. */
function attempt<T>(rule: () => T): T {
  try {
    return rule();
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error)) throw error;
    throw new Refusal('invalid', error.message);
  }
}

/** What the audit trail keeps of a job. */
function auditView(job: Job): Record<string, unknown> {
  return {
    title: job.title,
    description: job.description,
    category: job.category,
    running: job.running,
    labels: job.labels.map((label: Label) => ({
      class: label.classNo,
      name: label.name,
      color: label.hexColor,
      retired: label.retired,
    })),
    points: job.points,
    pointTypes: job.pointTypes,
    settings: job.settings,
    integrations: job.integrations.map(({ integrationId, role, enabled }) => ({ integrationId, role, enabled })),
  };
}
