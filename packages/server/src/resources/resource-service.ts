import { INPUT_RIGHTS, parseReference, type ResourceType } from '@verdict/contract';
import type { Key } from '../access/key.ts';
import { keyNamed } from '../access/key-lookup.ts';
import type { KeyService } from '../access/key-service.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { Integration } from '../integrations/integration.ts';
import { KEY_PARAMETER } from '../integrations/integration.ts';
import type { IntegrationService, IntegrationWritten } from '../integrations/integration-service.ts';
import { type Job, openLabels } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import type { IntegrationResource, JobResource, KeyResource, PipelineEntry, Resource } from './document.ts';
import { inOrder } from './document-order.ts';
import { planPipeline, type WantedEntry } from './pipeline.ts';

/** A resource that a document made or changed. */
export interface Item {
  readonly type: ResourceType;
  /** Its name in the document. */
  readonly ref: string;
  readonly title: string;
  readonly id: number;
  /** The key itself, where one was made here: the only time that it is known. */
  readonly value?: string;
}

/** What a document did. */
export interface Applied {
  readonly created: readonly Item[];
  readonly updated: readonly Item[];
  /** Things to know, each a sentence: what is kept but not acted on, what was left as it is. */
  readonly notes: readonly string[];
}

/** A stored resource as it is found. */
export type Found =
  | { readonly type: 'api_key'; readonly key: Key }
  | { readonly type: 'integration'; readonly integration: Integration; readonly typeId: number }
  | { readonly type: 'job'; readonly job: Job; readonly integrationTitles: ReadonlyMap<number, string> };

/** Which resources; what is undefined does not matter. */
export interface Wanted {
  readonly type?: ResourceType | undefined;
  readonly title?: string | undefined;
  readonly id?: number | undefined;
}

/** Jobs, integrations and input keys as documents: apply, find, delete. */
export class ResourceService {
  readonly #storage: Storage;
  readonly #keys: KeyService;
  readonly #integrations: IntegrationService;
  readonly #jobs: JobService;

  constructor(storage: Storage, keys: KeyService, integrations: IntegrationService, jobs: JobService) {
    this.#storage = storage;
    this.#keys = keys;
    this.#integrations = integrations;
    this.#jobs = jobs;
  }

  /**
   * Makes and changes what a document says, all of it or nothing, in one unit.
   * @param overwrite whether what exists under the same title is changed; else its existence is an error.
   * @throws Refusal `refused` when something exists, or is referred to and does not; `invalid` naming the place.
   */
  async apply(resources: readonly Resource[], overwrite: boolean, origin: Origin): Promise<Applied> {
    const ordered = inOrder(resources);
    return this.#storage.write(async (tx) => {
      const application = new Application(tx, origin, this.#keys, this.#integrations, this.#jobs);
      if (!overwrite) await application.refuseExisting(ordered);
      for (const resource of ordered) await at(resource, () => application.apply(resource));
      return application.outcome();
    });
  }

  /** Stored resources: keys, integrations, jobs, each by number. Keys are input keys: documents know no others. */
  async find(wanted: Wanted, origin: Origin): Promise<Found[]> {
    const { type } = wanted;
    const fits = (id: number, title: string) =>
      (wanted.id === undefined || wanted.id === id) && (wanted.title === undefined || wanted.title === title);
    const found: Found[] = [];
    if (type === undefined || type === 'api_key') {
      for (const key of await this.#keys.list())
        if (key.kind === 'input' && fits(key.id, key.name)) found.push({ type: 'api_key', key });
    }
    if (type === 'api_key') return found;
    const integrations = await this.#integrations.list();
    if (type !== 'job') {
      for (const integration of integrations) {
        if (!fits(integration.id, integration.title)) continue;
        found.push({ type: 'integration', integration, typeId: this.#integrations.typeNamed(integration.type).id });
      }
    }
    if (type !== 'integration') {
      const integrationTitles = new Map(integrations.map(({ id, title }) => [id, title]));
      for (const job of await this.#jobs.list(origin.principal))
        if (fits(job.id, job.title)) found.push({ type: 'job', job, integrationTitles });
    }
    return found;
  }

  /**
   * Deletes one resource.
   * @throws Refusal `not_found`; `in_use` naming who uses it, or saying that the job runs.
   */
  async delete(wanted: Wanted & { readonly type: ResourceType }, origin: Origin): Promise<void> {
    const [found] = await this.find(wanted, origin);
    if (!found) {
      const what = wanted.id === undefined ? `named "${wanted.title?.slice(0, 200) ?? ''}"` : `with the id ${wanted.id}`;
      throw new Refusal('not_found', `There is no ${wanted.type} ${what}.`);
    }
    if (found.type === 'api_key') await this.#storage.write((tx) => this.#keys.remove(tx, origin, found.key.id));
    else if (found.type === 'integration') await this.#integrations.delete(found.integration.id, origin);
    else await this.#jobs.delete(found.job.id, origin);
  }
}

/** One document while it is applied, inside its unit. */
class Application {
  readonly #tx: Tx;
  readonly #origin: Origin;
  readonly #keys: KeyService;
  readonly #integrations: IntegrationService;
  readonly #jobs: JobService;
  readonly #created: Item[] = [];
  readonly #updated: Item[] = [];
  readonly #notes = new Set<string>();
  /** Kind and name in the document → number. */
  readonly #applied = new Map<string, number>();

  constructor(tx: Tx, origin: Origin, keys: KeyService, integrations: IntegrationService, jobs: JobService) {
    this.#tx = tx;
    this.#origin = origin;
    this.#keys = keys;
    this.#integrations = integrations;
    this.#jobs = jobs;
  }

  outcome(): Applied {
    return { created: this.#created, updated: this.#updated, notes: [...this.#notes] };
  }

  /** @throws Refusal `refused` naming what exists already. */
  async refuseExisting(resources: readonly Resource[]): Promise<void> {
    const existing: string[] = [];
    for (const resource of resources) if (await this.#exists(resource)) existing.push(`the ${resource.kind} "${resource.title}"`);
    if (existing.length === 0) return;
    const more = existing.length > 5 ? ` and ${existing.length - 5} more` : '';
    const verb = existing.length === 1 ? 'exists' : 'exist';
    const sentence = `${existing.slice(0, 5).join(', ')}${more} ${verb} already. Send overwrite=true to change what exists.`;
    throw new Refusal('refused', sentence.charAt(0).toUpperCase() + sentence.slice(1));
  }

  async apply(resource: Resource): Promise<void> {
    const id =
      resource.kind === 'api_key'
        ? await this.#applyKey(resource)
        : resource.kind === 'integration'
          ? await this.#applyIntegration(resource)
          : await this.#applyJob(resource);
    this.#applied.set(`${resource.kind} ${resource.ref}`, id);
  }

  async #exists({ kind, title }: Resource): Promise<boolean> {
    if (kind === 'api_key') return (await keyNamed(this.#tx, title)) !== undefined;
    if (kind === 'integration') return (await this.#integrations.findByTitleIn(this.#tx, title)) !== undefined;
    return (await this.#jobs.findByTitleIn(this.#tx, title)) !== undefined;
  }

  async #applyKey({ ref, title }: KeyResource): Promise<number> {
    const existing = await keyNamed(this.#tx, title);
    if (existing) {
      if (existing.kind !== 'input')
        throw new Refusal('refused', `"${title}" is the name of a management key. Choose another name.`);
      if (existing.revokedAt !== null)
        throw new Refusal('refused', `The API key "${title}" is revoked. Delete it, or choose another name.`);
      this.#updated.push({ type: 'api_key', ref, title, id: existing.id });
      return existing.id;
    }
    const prepared = this.#keys.prepare(this.#origin, { name: title, kind: 'input' });
    const key = await this.#keys.insert(this.#tx, this.#origin, prepared);
    this.#created.push({ type: 'api_key', ref, title, id: key.id, value: prepared.value });
    this.#noteRights(key);
    return key.id;
  }

  async #applyIntegration({ ref, title, type, parameters }: IntegrationResource): Promise<number> {
    const existing = await this.#integrations.findByTitleIn(this.#tx, title);
    const keyId = this.#keyInDocument(parameters[KEY_PARAMETER]);
    const written: IntegrationWritten = existing
      ? await this.#integrations.updateIn(this.#tx, existing.id, { type, parameters, keyId }, this.#origin)
      : await this.#integrations.createIn(this.#tx, { title, type, parameters, keyId }, this.#origin);
    const { id } = written.integration;
    const { newKey } = written;
    const value = newKey?.value === undefined ? {} : { value: newKey.value };
    if (newKey) {
      this.#created.push({ type: 'api_key', ref, title: newKey.key.name, id: newKey.key.id, ...value });
      this.#noteRights(newKey.key);
    }
    // The value stands with the integration too: who looks there for the key of a new integration finds it.
    (existing ? this.#updated : this.#created).push({ type: 'integration', ref, title, id, ...value });
    return id;
  }

  async #applyJob(resource: JobResource): Promise<number> {
    const { ref, title, description, category, points, labels } = resource;
    const existing = await this.#jobs.findByTitleIn(this.#tx, title);
    const wanted = resource.pipeline && (await this.#resolvePipeline(resource.pipeline));
    const integrations = planPipeline(existing?.integrations ?? [], wanted, resource.removeMissing);
    const draft = {
      description,
      category,
      labels,
      // An empty list is how a document says that people choose them: it never takes away what they chose.
      points: existing && points.length === 0 ? undefined : points,
      integrations,
      settings: {
        ...(resource.feedbackColumns && { feedbackColumns: resource.feedbackColumns }),
        ...(resource.autoRetrain && { autoRetrain: resource.autoRetrain }),
        ...(resource.monitoring && { monitoring: resource.monitoring }),
      },
    };
    const job = existing
      ? await this.#jobs.updateIn(this.#tx, existing.id, draft, this.#origin)
      : await this.#jobs.createIn(this.#tx, { ...draft, title }, this.#origin);
    (existing ? this.#updated : this.#created).push({ type: 'job', ref, title, id: job.id });
    this.#noteKept(resource, existing, job);
    return job.id;
  }

  async #resolvePipeline(entries: readonly PipelineEntry[]): Promise<WantedEntry[]> {
    const wanted: WantedEntry[] = [];
    for (const entry of entries) {
      const integration = await this.#integrationOf(entry.resource);
      const { role, enabled, autoId, settings } = entry;
      wanted.push({ integrationId: integration.id, role, enabled, autoId, settings });
      this.#noteRole(integration, role);
      const kept = Object.entries(settings).filter(
        ([, value]) => typeof value !== 'object' || value === null || Object.keys(value).length > 0,
      );
      if (kept.length > 0) {
        const names = kept.map(([name]) => name).join(', ');
        this.#notes.add(
          `The pipeline settings of "${integration.title}" (${names}) are kept, but this version does not act on them.`,
        );
      }
    }
    return wanted;
  }

  /** The number of a key that a text names by its name in this document. Everything else the integration resolves. */
  #keyInDocument(text: unknown): number | undefined {
    if (typeof text !== 'string') return undefined;
    const reference = parseReference(text);
    return reference.kind === 'name' ? this.#applied.get(`api_key ${reference.name}`) : undefined;
  }

  async #integrationOf(text: string): Promise<Integration> {
    const reference = parseReference(text);
    let found: Integration | undefined;
    switch (reference.kind) {
      case 'name': {
        const id = this.#applied.get(`integration ${reference.name}`);
        found =
          id === undefined
            ? await this.#integrations.findByTitleIn(this.#tx, reference.name)
            : await this.#integrations.findIn(this.#tx, id);
        break;
      }
      case 'integration':
        found = await this.#integrations.findByTitleIn(this.#tx, reference.title);
        break;
      case 'integration_id':
        found = await this.#integrations.findIn(this.#tx, reference.internal_id);
        break;
      case 'api_key':
        throw new Refusal('invalid', 'pipeline_integrations names integrations, not API keys.');
      case 'malformed':
        throw new Refusal('invalid', `pipeline_integrations: the resource ${reference.reason}.`);
    }
    if (!found) {
      const shown = text.slice(0, 200);
      throw new Refusal('refused', `There is no integration ${shown}, neither in the document nor stored.`);
    }
    return found;
  }

  /** A key never gets a right that its maker does not have; who made it should hear of that before their SOAR does. */
  #noteRights({ name, rights }: Key): void {
    const missing = INPUT_RIGHTS.filter((right) => !rights.includes(right));
    if (missing.length === 0) return;
    this.#notes.add(
      `The API key "${name}" lacks the rights ${missing.join(', ')}: a key can give none that it does not have itself.`,
    );
  }

  #noteRole(integration: Integration, role: string): void {
    const { roles } = this.#integrations.typeNamed(integration.type);
    if (roles.some((known) => known === role)) return;
    this.#notes.add(
      `"${integration.title}" as ${role} is kept, but this version does not act on that role of ${integration.type}.`,
    );
  }

  #noteKept({ title, points, autoRetrain, monitoring, feedbackColumns }: JobResource, before: Job | undefined, after: Job): void {
    if (autoRetrain?.enabled === true || autoRetrain?.enabled === 'true') {
      this.#notes.add('auto_retrain is kept, but this version does not train by itself.');
    }
    if (monitoring) this.#notes.add('monitoring_settings are kept, but this version does not act on them.');
    if (feedbackColumns && feedbackColumns.length > 0) {
      this.#notes.add('feedback_columns are kept, but this version does not act on them.');
    }
    if (!before) return;
    if (points.length === 0 && before.points.length > 0) this.#notes.add(`The decision points of "${title}" stay as they are.`);
    const still = new Set(openLabels(after.labels).map(({ classNo }) => classNo));
    const retired = openLabels(before.labels).filter(({ classNo }) => !still.has(classNo));
    if (retired.length > 0) {
      this.#notes.add(`Labels of "${title}" that are no longer offered: ${retired.map(({ name }) => name).join(', ')}.`);
    }
  }
}

/** Does a part of a document; what is refused says at which resource. */
async function at(resource: Resource, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refusal) || error.status >= 500) throw error;
    const { ref, loc } = resource;
    const base = [...loc, 'properties'];
    const problems =
      error.problems.length > 0
        ? error.problems.map((problem) => ({ ...problem, loc: [...base, ...problem.loc.filter((step) => step !== 'body')] }))
        : error.code === 'invalid'
          ? [{ loc: base, msg: error.message, type: 'invalid' }]
          : [];
    throw new Refusal(error.code, `In ${JSON.stringify(ref.slice(0, 200))}: ${error.message}`, { problems, cause: error });
  }
}
