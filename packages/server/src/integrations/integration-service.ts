import { findIntegrationType, INTEGRATION_TYPES, type IntegrationType, parseReference } from '@verdict/contract';
import type { Key } from '../access/key.ts';
import { keyNamed, keyNumbered, keyWithValue } from '../access/key-lookup.ts';
import type { KeyService, PreparedKey } from '../access/key-service.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, type Principal, principalId } from '../http/principal.ts';
import { invalidAt } from '../http/read.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import {
  type Integration,
  type IntegrationUser,
  inputSettings,
  KEY_PARAMETER,
  maskedParameters,
  TITLE_MAX,
} from './integration.ts';
import * as store from './integration-store.ts';
import { readParameters } from './parameters.ts';

/** Seals secrets before they are stored; one that was sealed for one place opens in no other. */
export interface Sealer {
  seal(secret: string, context: string): string;
}

/** A new integration. */
export interface IntegrationDraft {
  readonly title: string;
  readonly type: string;
  /** Parameters as they came, checked against the schema of the type. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The key it uses, where the caller knows it already; goes before what the parameters say. */
  readonly keyId?: number | undefined;
}

/** What shall change; what is undefined stays. The type of an integration never changes. */
export interface IntegrationChange {
  readonly title?: string | undefined;
  readonly type?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly keyId?: number | undefined;
}

/** A key that was made together with an integration. */
export interface NewKey {
  readonly key: Key;
  /** The only copy of the key; undefined where it was pasted, for who pasted it has it. */
  readonly value: string | undefined;
}

export interface IntegrationWritten {
  readonly integration: Integration;
  readonly newKey: NewKey | undefined;
}

/** An integration with what people want to know about it. */
export interface IntegrationPicture {
  readonly integration: Integration;
  readonly type: IntegrationType | undefined;
  readonly key: Key | undefined;
  readonly usedBy: readonly IntegrationUser[];
}

/** Integrations: the systems that send events, each with its key. */
export class IntegrationService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #keys: KeyService;
  readonly #jobs: JobService;
  readonly #sealer: Sealer;
  readonly #types: readonly IntegrationType[];

  constructor(
    storage: Storage,
    clock: Clock,
    audit: AuditTrail,
    keys: KeyService,
    jobs: JobService,
    sealer: Sealer,
    types: readonly IntegrationType[] = INTEGRATION_TYPES,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#keys = keys;
    this.#jobs = jobs;
    this.#sealer = sealer;
    this.#types = types;
  }

  /** All integrations by number. */
  list(): Promise<Integration[]> {
    return this.#storage.read((tx) => store.listIntegrations(tx));
  }

  /** @throws Refusal `not_found`. */
  async get(id: number): Promise<Integration> {
    return this.#storage.read((tx) => found(tx, id));
  }

  /** An integration with its key and the jobs it is wired to. @throws Refusal `not_found`. */
  async picture(id: number): Promise<IntegrationPicture> {
    return this.#pictureOf(await this.get(id));
  }

  /** All integrations with their keys and jobs, by number. */
  async pictures(): Promise<IntegrationPicture[]> {
    return Promise.all((await this.list()).map((integration) => this.#pictureOf(integration)));
  }

  findIn(tx: ReadTx, id: number): Promise<Integration | undefined> {
    return store.getIntegration(tx, id);
  }

  findByTitleIn(tx: ReadTx, title: string): Promise<Integration | undefined> {
    return store.getIntegrationByTitle(tx, title);
  }

  /** The type of that name, in any letter case. @throws Refusal `refused` naming the types there are. */
  typeNamed(name: string): IntegrationType {
    const type = this.#findType(name);
    if (type) return type;
    const known = this.#types.map((candidate) => candidate.name).join(', ');
    throw new Refusal('refused', `There is no integration type "${name.slice(0, 100)}". This version has: ${known}.`);
  }

  /** The types that fit a search, in the order of their numbers; all of them for an empty one. */
  catalogue(search = ''): IntegrationType[] {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    return this.#types.filter((type) => {
      const text = `${type.name} ${type.description}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  /**
   * Makes an integration, and the key it needs where none is named.
   * @throws Refusal `refused` (title taken, unknown type or key), `invalid` naming the parameter.
   */
  create(draft: IntegrationDraft, origin: Origin): Promise<IntegrationWritten> {
    return this.#storage.write((tx) => this.createIn(tx, draft, origin));
  }

  /** `create` inside a larger unit (a document that is applied all or nothing). */
  async createIn(tx: Tx, draft: IntegrationDraft, origin: Origin): Promise<IntegrationWritten> {
    const title = checkTitle(draft.title);
    if (await store.getIntegrationByTitle(tx, title)) throw titleTaken(title);
    const type = this.typeNamed(draft.type);
    const given = readParameters(type.connection_parameters, draft.parameters, true);
    if (given.problems.length > 0) throw invalidParameters(given.problems);
    const { key, newKey } = needsKey(type)
      ? await this.#chooseKey(tx, origin, title, draft.keyId, given.apiKey)
      : { key: undefined, newKey: undefined };
    const now = this.#clock();
    const id = await store.takeIntegrationId(tx);
    const integration: Integration = {
      id,
      title,
      type: type.name,
      plain: given.plain,
      sealed: this.#seal(id, given.secrets),
      keyId: key?.id ?? null,
      ownsKey: newKey !== undefined,
      createdAt: now,
      createdBy: principalId(origin.principal),
      updatedAt: now,
    };
    await store.insertIntegration(tx, integration);
    await this.#record(tx, origin, 'integration.create', id, undefined, integration);
    return { integration, newKey };
  }

  /**
   * Changes an integration. Parameters that are absent stay; an empty text clears an optional one. Another key takes the place of the
   * old one at once, and the old one ends if it was made for this integration and nothing else uses it.
   * @throws Refusal `not_found`, `refused`, `invalid` naming the parameter.
   */
  update(id: number, change: IntegrationChange, origin: Origin): Promise<IntegrationWritten> {
    return this.#storage.write((tx) => this.updateIn(tx, id, change, origin));
  }

  /** `update` inside a larger unit. */
  async updateIn(tx: Tx, id: number, change: IntegrationChange, origin: Origin): Promise<IntegrationWritten> {
    const before = await found(tx, id);
    const title = change.title === undefined ? before.title : checkTitle(change.title);
    if (title !== before.title && (await store.getIntegrationByTitle(tx, title))) throw titleTaken(title);
    const type = this.typeNamed(before.type);
    if (change.type !== undefined && this.typeNamed(change.type) !== type) {
      throw new Refusal(
        'refused',
        `"${before.title}" is a ${type.name} integration, and stays one. Make another integration for another type.`,
      );
    }
    const given = readParameters(type.connection_parameters, change.parameters ?? {}, false);
    if (given.problems.length > 0) throw invalidParameters(given.problems);
    const without = (members: Readonly<Record<string, unknown>>) =>
      Object.entries(members).filter(([name]) => !given.cleared.includes(name));
    const changed: Integration = {
      ...before,
      title,
      plain: { ...Object.fromEntries(without(before.plain)), ...given.plain },
      sealed: { ...(Object.fromEntries(without(before.sealed)) as Record<string, string>), ...this.#seal(id, given.secrets) },
      updatedAt: this.#clock(),
    };
    return this.#write(tx, origin, 'integration.change', before, changed, change.keyId, given.apiKey);
  }

  /**
   * Gives an integration a new key, made here; the old one ends if it was made for this integration and nothing else uses it.
   * @throws Refusal `not_found`.
   */
  replaceKey(id: number, origin: Origin): Promise<IntegrationWritten> {
    return this.#storage.write(async (tx) => {
      const before = await found(tx, id);
      const changed = { ...before, updatedAt: this.#clock() };
      return this.#write(tx, origin, 'integration.key', before, changed, undefined, undefined, true);
    });
  }

  /** @throws Refusal `not_found`, `in_use` naming the jobs that are wired to it. */
  delete(id: number, origin: Origin): Promise<void> {
    return this.#storage.write((tx) => this.deleteIn(tx, id, origin));
  }

  /** `delete` inside a larger unit. A key that was made for the integration goes with it, unless something else uses it. */
  async deleteIn(tx: Tx, id: number, origin: Origin): Promise<void> {
    const before = await found(tx, id);
    const users = await store.usersOf(tx, id);
    if (users.length > 0) {
      const named = [...new Set(users.map((user) => `"${user.title}"`))];
      throw new Refusal(
        'in_use',
        `The integration "${before.title}" is used by ${named.join(', ')}. Take it out of there first.`,
      );
    }
    await store.deleteIntegration(tx, id);
    await this.#record(tx, origin, 'integration.delete', id, before, undefined);
    await this.#endOwnKey(tx, origin, before);
  }

  /** Whether a caller gets results in the old form: as the input of the job that its key belongs to says. Other callers get class ids. */
  async wantsLegacy(principal: Principal, job: Job): Promise<boolean> {
    if (principal.kind !== 'input') return false;
    const inputs = await this.#storage.read((tx) => store.inputsOfJob(tx, job.id));
    return inputs.some((input) => input.keyId === principal.keyId && inputSettings(input).resultForm === 'legacy');
  }

  /** Names, in lower case, under which automations vote in a job: those of all its inputs, whoever calls. */
  async machineNames(job: Job): Promise<ReadonlySet<string>> {
    const inputs = await this.#storage.read((tx) => store.inputsOfJob(tx, job.id));
    return new Set((inputs.length > 0 ? inputs : [{ plain: {} }]).flatMap((input) => inputSettings(input).machineNames));
  }

  async #pictureOf(integration: Integration): Promise<IntegrationPicture> {
    const usedBy = await this.#storage.read((tx) => store.usersOf(tx, integration.id));
    const key = integration.keyId === null ? undefined : await this.#keys.get(integration.keyId);
    return { integration, type: this.#findType(integration.type), key, usedBy };
  }

  /** Stores a changed integration, with another key where one is asked for. */
  async #write(
    tx: Tx,
    origin: Origin,
    action: string,
    before: Integration,
    changed: Integration,
    keyId: number | undefined,
    apiKey: string | undefined,
    fresh = false,
  ): Promise<IntegrationWritten> {
    const named = await this.#namedKey(tx, keyId, apiKey);
    if (!fresh && (named ? named.id === before.keyId : apiKey === undefined)) {
      await store.updateIntegration(tx, changed);
      await this.#record(tx, origin, action, changed.id, before, changed);
      return { integration: changed, newKey: undefined };
    }
    // The old key goes first: the new one may get its name.
    await store.updateIntegration(tx, { ...changed, keyId: null, ownsKey: false });
    await this.#endOwnKey(tx, origin, before);
    const { key, newKey } = named ? { key: named, newKey: undefined } : await this.#makeKey(tx, origin, changed.title, apiKey);
    const after = { ...changed, keyId: key.id, ownsKey: newKey !== undefined };
    await store.updateIntegration(tx, after);
    await this.#record(tx, origin, action, after.id, before, after);
    return { integration: after, newKey };
  }

  async #chooseKey(
    tx: Tx,
    origin: Origin,
    title: string,
    keyId: number | undefined,
    apiKey: string | undefined,
  ): Promise<{ key: Key; newKey: NewKey | undefined }> {
    const named = await this.#namedKey(tx, keyId, apiKey);
    return named ? { key: named, newKey: undefined } : this.#makeKey(tx, origin, title, apiKey);
  }

  /** The stored key that was asked for by number, reference, name or value; undefined where one is to be made. */
  async #namedKey(tx: Tx, keyId: number | undefined, text: string | undefined): Promise<Key | undefined> {
    if (keyId !== undefined) return this.#usable(await keyNumbered(tx, keyId), `number ${keyId}`);
    if (text === undefined) return undefined;
    const reference = parseReference(text);
    if (reference.kind === 'api_key')
      return this.#usable(await keyNamed(tx, reference.name), `name "${reference.name.slice(0, 100)}"`);
    if (reference.kind !== 'name') {
      const why = reference.kind === 'malformed' ? reference.reason : 'must refer to an API key';
      throw invalidParameters([{ loc: [KEY_PARAMETER], msg: why, type: 'bad_format' }]);
    }
    const key = (await keyNamed(tx, text)) ?? (await keyWithValue(tx, text));
    return key && this.#usable(key, '');
  }

  #usable(key: Key | undefined, what: string): Key {
    if (!key) throw new Refusal('refused', `There is no API key with the ${what}.`);
    if (key.kind !== 'input')
      throw new Refusal('refused', `"${key.name}" is a management key. An integration needs an input key.`);
    if (key.revokedAt !== null) throw new Refusal('refused', `The API key "${key.name}" is revoked. Choose another one.`);
    if (key.expiresAt !== null && key.expiresAt <= this.#clock()) {
      throw new Refusal('refused', `The API key "${key.name}" has expired. Choose another one.`);
    }
    return key;
  }

  /** Makes an input key named after the integration, of a pasted value or a new one. */
  async #makeKey(tx: Tx, origin: Origin, title: string, value: string | undefined): Promise<{ key: Key; newKey: NewKey }> {
    const name = await freeKeyName(tx, title);
    let prepared: PreparedKey;
    try {
      prepared = this.#keys.prepare(origin, { name, kind: 'input', value });
    } catch (error) {
      if (value === undefined || !(error instanceof Refusal) || error.code !== 'invalid') throw error;
      // The text is not repeated: it may be a secret.
      const why = error.problems.map(({ msg }) => msg).join('; ');
      const msg = `names no API key, and as a key of its own it ${why}`;
      throw invalidParameters([{ loc: [KEY_PARAMETER], msg, type: 'unknown_value' }]);
    }
    const key = await this.#keys.insert(tx, origin, prepared);
    return { key, newKey: { key, value: value === undefined ? prepared.value : undefined } };
  }

  async #endOwnKey(tx: Tx, origin: Origin, { keyId, ownsKey }: Integration): Promise<void> {
    tx.afterCommit(() => this.#jobs.forgetWiring());
    if (keyId === null || !ownsKey || (await store.titlesUsingKey(tx, keyId)).length > 0) return;
    await this.#keys.remove(tx, origin, keyId);
  }

  #seal(id: number, secrets: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(secrets).map(([name, secret]) => [name, this.#sealer.seal(secret, `integration:${id}:${name}`)]),
    );
  }

  #findType(name: string): IntegrationType | undefined {
    if (this.#types === INTEGRATION_TYPES) return findIntegrationType(name);
    return this.#types.find((type) => type.name.toLowerCase() === name.trim().toLowerCase());
  }

  async #record(
    tx: Tx,
    origin: Origin,
    action: string,
    id: number,
    before: Integration | undefined,
    after: Integration | undefined,
  ): Promise<void> {
    tx.afterCommit(() => this.#jobs.forgetWiring());
    await this.#audit.record(tx, origin, {
      action,
      objectKind: 'integration',
      objectId: id,
      before: before && auditView(before),
      after: after && auditView(after),
    });
  }
}

async function found(tx: ReadTx, id: number): Promise<Integration> {
  const integration = await store.getIntegration(tx, id);
  if (!integration) throw new Refusal('not_found', `There is no integration with the id ${id}.`);
  return integration;
}

function needsKey(type: IntegrationType): boolean {
  return Object.hasOwn(type.connection_parameters.properties, KEY_PARAMETER);
}

/** The title of the integration, or the same with a number where a key has that name already. */
async function freeKeyName(tx: ReadTx, title: string): Promise<string> {
  let name = title;
  for (let n = 2; await keyNamed(tx, name); n++) {
    const suffix = ` (${n})`;
    name = `${title
      .slice(0, TITLE_MAX - suffix.length)
      .toWellFormed()
      .trimEnd()}${suffix}`;
  }
  return name;
}

function checkTitle(title: string): string {
  const trimmed = title.trim();
  const problem =
    trimmed === ''
      ? 'An integration needs a title.'
      : trimmed.length > TITLE_MAX
        ? `The title can have at most ${TITLE_MAX} characters.`
        : /\p{Cc}|\p{Cs}/u.test(trimmed)
          ? 'The title must be plain text without control characters.'
          : undefined;
  if (problem) throw new Refusal('invalid', problem);
  return trimmed;
}

function titleTaken(title: string): Refusal {
  return new Refusal('refused', `An integration named "${title}" exists already.`);
}

/** `loc` counts from the parameters. */
function invalidParameters(problems: Parameters<typeof invalidAt>[0]): Refusal {
  return invalidAt(problems.map((problem) => ({ ...problem, loc: ['parameters', ...problem.loc] })));
}

/** What the audit trail keeps: no secrets, sealed or not. */
function auditView(integration: Integration): Record<string, unknown> {
  const { title, type, keyId, ownsKey } = integration;
  return { title, type, parameters: maskedParameters(integration), key_id: keyId, owns_key: ownsKey };
}
