import {
  isObject,
  isRole,
  kindOf,
  type Problem,
  RESOURCE_TYPES,
  RETRAIN_BLOCKERS,
  Reader,
  type Result,
  ROLES,
} from '@verdict/contract';
import { CronPattern } from 'croner';

/** What one document may hold. */
export const RESOURCES_MAX = 1_000;
export const TITLE_MAX = 200;
const DESCRIPTION_MAX = 10_000;
const LIST_MAX = 100;
/** Problems told at once. */
const PROBLEMS_MAX = 100;
/** Characters of a setting that is kept as it came, written as JSON. */
const FREE_FORM_MAX = 65_536;
const FREE_FORM_DEPTH = 20;

interface Common {
  /** Its name within the document. */
  readonly ref: string;
  /** Where it is, for problems found later: `["body","resources","<ref>"]`. */
  readonly loc: readonly string[];
  readonly dependsOn: readonly string[];
  /** Its identity: the name of a key, the title of anything else. */
  readonly title: string;
}

export interface KeyResource extends Common {
  readonly kind: 'api_key';
}

export interface IntegrationResource extends Common {
  readonly kind: 'integration';
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** One integration in the pipeline of a job. */
export interface PipelineEntry {
  /** A ref of the document, a title, or a reference. */
  readonly resource: string;
  readonly role: string;
  readonly enabled: boolean;
  readonly autoId: string | undefined;
  /** What is kept as it came: `storage_tag`, `storage_tag_display_name`, `parameters`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface JobResource extends Common {
  readonly kind: 'job';
  readonly description: string | undefined;
  readonly category: string;
  readonly points: readonly string[];
  readonly feedbackColumns: readonly string[] | undefined;
  readonly labels: readonly { readonly name: string; readonly hexColor: string | undefined }[] | undefined;
  readonly autoRetrain: Readonly<Record<string, unknown>> | undefined;
  readonly monitoring: Readonly<Record<string, unknown>> | undefined;
  /** Undefined when the document says nothing of it. */
  readonly pipeline: readonly PipelineEntry[] | undefined;
  readonly removeMissing: boolean;
}

export type Resource = KeyResource | IntegrationResource | JobResource;

/**
 * Reads a resources document, in its wrapper or as a bare map: `{"<ref>": {type, properties, depends_on?}}`. Checks its form alone; what
 * it refers to is looked up when it is applied.
 * @returns the resources as they came, or everything that is wrong with them.
 */
export function readDocument(body: unknown): Result<Resource[]> {
  if (!isObject(body)) return { ok: false, problems: [wrongForm(body, ['body'])] };
  const inner = Object.hasOwn(body, 'resources') ? body.resources : undefined;
  // A bare map may hold a resource that happens to be called "resources".
  const wrapped = inner !== undefined && !(isObject(inner) && typeof inner.type === 'string' && isObject(inner.properties));
  const loc = wrapped ? ['body', 'resources'] : ['body'];
  const map = wrapped ? inner : body;
  if (!isObject(map)) return { ok: false, problems: [wrongForm(map, loc)] };
  const entries = Object.entries(map);
  if (entries.length === 0) return { ok: false, problems: [{ loc, msg: 'must name at least one resource', type: 'missing' }] };
  if (entries.length > RESOURCES_MAX) {
    const msg = `must name at most ${RESOURCES_MAX} resources, not ${entries.length}; send them in several documents`;
    return { ok: false, problems: [{ loc, msg, type: 'too_many' }] };
  }
  const problems: Problem[] = [];
  const resources: Resource[] = [];
  for (const [ref, value] of entries) {
    const resource = readResource(ref, value, [...loc, ref.slice(0, TITLE_MAX)], problems);
    if (resource) resources.push(resource);
  }
  noteRepeats(resources, problems);
  noteUnknownDependencies(resources, new Set(entries.map(([ref]) => ref)), problems);
  return problems.length > 0 ? { ok: false, problems: problems.slice(0, PROBLEMS_MAX) } : { ok: true, value: resources };
}

/** A resource, or undefined with at least one problem noted. */
function readResource(ref: string, value: unknown, loc: readonly string[], problems: Problem[]): Resource | undefined {
  const before = problems.length;
  if (ref.trim() === '' || ref.length > TITLE_MAX) {
    problems.push({ loc: [...loc], msg: `must have a name of 1 to ${TITLE_MAX} characters`, type: 'too_long' });
  }
  const outer = new Reader(value, loc);
  const kind = RESOURCE_TYPES.find((known) => known === outer.get('type'));
  if (!kind && outer.problems.length === 0) outer.note('type', `must be one of ${RESOURCE_TYPES.join(', ')}`, 'unknown_value');
  const dependsOn = textList(outer, 'depends_on', [...loc, 'depends_on'], RESOURCES_MAX) ?? [];
  const place = [...loc, 'properties'];
  // Without a type there is no telling what the properties should be.
  const properties = kind ? new Reader(outer.get('properties'), place) : undefined;
  problems.push(...outer.problems);
  if (!properties || properties.problems.length > 0) {
    problems.push(...(properties?.problems ?? []));
    return undefined;
  }
  const common = { ref, loc, dependsOn, title: titleOf(properties, kind === 'api_key' ? 'name' : 'title') };
  const resource =
    kind === 'api_key'
      ? { ...common, kind }
      : kind === 'integration'
        ? { ...common, kind, ...readIntegration(properties, place) }
        : { ...common, kind: 'job' as const, ...readJob(properties, place) };
  problems.push(...properties.problems);
  return problems.length > before ? undefined : resource;
}

function readIntegration(r: Reader, place: readonly string[]): Pick<IntegrationResource, 'type' | 'parameters'> {
  const type = required(r, 'integration_type', TITLE_MAX);
  return { type, parameters: freeForm(r, 'parameters', [...place, 'parameters']) ?? {} };
}

function readJob(r: Reader, place: readonly string[]): Omit<JobResource, keyof Common | 'kind'> {
  const category = required(r, 'category', TITLE_MAX);
  const advancedPlace = [...place, 'advanced_settings'];
  const advanced = new Reader(r.get('advanced_settings') ?? {}, advancedPlace);
  const labels = list(advanced, 'custom_labels', LIST_MAX)?.map((label, index) =>
    readLabel(new Reader(label, [...advancedPlace, 'custom_labels', String(index)]), advanced.problems),
  );
  const autoRetrain = freeForm(advanced, 'auto_retrain', [...advancedPlace, 'auto_retrain']);
  if (autoRetrain) checkAutoRetrain(new Reader(autoRetrain, [...advancedPlace, 'auto_retrain']), advanced.problems);
  const monitoring = freeForm(advanced, 'monitoring_settings', [...advancedPlace, 'monitoring_settings']);
  const pipeline = list(r, 'pipeline_integrations', LIST_MAX)?.map((entry, index) =>
    readPipelineEntry(entry, [...place, 'pipeline_integrations', String(index)], r.problems),
  );
  r.problems.push(...advanced.problems);
  const autoIds = pipeline?.flatMap(({ autoId }) => autoId ?? []) ?? [];
  if (new Set(autoIds).size < autoIds.length) r.note('pipeline_integrations', 'must not have the same auto_id twice', 'conflict');
  return {
    description: r.text('description', DESCRIPTION_MAX),
    category,
    points: textList(r, 'decision_points', [...place, 'decision_points'], LIST_MAX) ?? [],
    feedbackColumns: textList(r, 'feedback_columns', [...place, 'feedback_columns'], LIST_MAX),
    labels,
    autoRetrain,
    monitoring,
    pipeline,
    removeMissing: flag(r, 'remove_missing_pipeline_integrations') ?? false,
  };
}

function readLabel(r: Reader, problems: Problem[]): { name: string; hexColor: string | undefined } {
  const label = { name: r.problems.length === 0 ? required(r, 'name', LIST_MAX) : '', hexColor: r.filled('hex_color') };
  problems.push(...r.problems);
  return label;
}

function readPipelineEntry(value: unknown, place: readonly string[], problems: Problem[]): PipelineEntry {
  const r = new Reader(value, place);
  const readable = r.problems.length === 0;
  const role = readable ? required(r, 'integration_type', TITLE_MAX) : '';
  if (role !== '' && !isRole(role)) {
    r.note('integration_type', `must be the role of the integration, one of ${ROLES.join(', ')}`, 'unknown_value');
  }
  const tag = r.filled('storage_tag');
  if (tag !== undefined && role !== 'input')
    r.note('storage_tag', 'can only be given to an integration with the role input', 'conflict');
  if (tag !== undefined && /[\s.*]/.test(tag)) r.note('storage_tag', 'must not contain blanks, dots or asterisks', 'bad_format');
  const entry = {
    resource: readable ? required(r, 'resource', 2 * TITLE_MAX) : '',
    role,
    enabled: flag(r, 'enabled') ?? true,
    autoId: readAutoId(r),
    settings: {
      ...(tag === undefined ? {} : { storage_tag: tag }),
      ...optional('storage_tag_display_name', r.filled('storage_tag_display_name')),
      ...optional('parameters', freeForm(r, 'parameters', [...place, 'parameters'])),
    },
  };
  problems.push(...r.problems);
  return entry;
}

/** Some clients send the number that GET showed as a text, some as a number. */
function readAutoId(r: Reader): string | undefined {
  const value = r.get('auto_id');
  return Number.isSafeInteger(value) ? String(value) : r.filled('auto_id', LIST_MAX);
}

function checkAutoRetrain(r: Reader, problems: Problem[]): void {
  const enabled = flag(r, 'enabled');
  const cron = r.filled('cron', LIST_MAX);
  if (enabled && cron === undefined) r.note('cron', 'must say when to train, like 0 2 * * *', 'missing');
  if (cron !== undefined && !isCron(cron))
    r.note('cron', 'must be a cron expression of five fields, like 0 2 * * *', 'bad_format');
  const blockers = r.get('blockers');
  if (blockers !== undefined && !isObject(blockers))
    r.note('blockers', `must be a JSON object, not ${kindOf(blockers)}`, 'wrong_type');
  if (isObject(blockers)) {
    for (const name of Object.keys(RETRAIN_BLOCKERS)) {
      const value = Object.hasOwn(blockers, name) ? blockers[name] : undefined;
      if (value !== undefined && value !== null && typeof value !== 'boolean') {
        r.note('blockers', `must have true or false as ${name}, not ${kindOf(value)}`, 'wrong_type');
      }
    }
  }
  problems.push(...r.problems);
}

function isCron(text: string): boolean {
  try {
    return text.split(/\s+/).length === 5 && new CronPattern(text) instanceof CronPattern;
  } catch {
    return false;
  }
}

/** The trimmed title, '' with a problem noted when it is missing, or has characters that a title cannot show. */
function titleOf(r: Reader, member: string): string {
  const title = required(r, member, TITLE_MAX);
  if (!title.isWellFormed() || /\p{Cc}/u.test(title)) {
    r.note(member, 'must be plain text without control characters', 'bad_format');
  }
  return title;
}

function required(r: Reader, member: string, max: number): string {
  const before = r.problems.length;
  const text = r.filled(member, max);
  if (text === undefined && r.problems.length === before) r.note(member, 'must be a text, and is missing', 'missing');
  return text ?? '';
}

function flag(r: Reader, member: string): boolean | undefined {
  const value = r.get(member);
  if (value === undefined || typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return r.note(member, `must be true or false, not ${kindOf(value)}`, 'wrong_type');
}

function list(r: Reader, member: string, max: number): readonly unknown[] | undefined {
  const value = r.get(member);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return r.note(member, `must be a list, not ${kindOf(value)}`, 'wrong_type');
  if (value.length > max) return r.note(member, `must have at most ${max} entries, not ${value.length}`, 'too_many');
  return value as readonly unknown[];
}

function textList(r: Reader, member: string, place: readonly string[], max: number): string[] | undefined {
  const texts: string[] = [];
  for (const [index, value] of (list(r, member, max) ?? []).entries()) {
    if (typeof value === 'string' && value.length <= 1_000) texts.push(value);
    else
      r.problems.push({ loc: [...place, String(index)], msg: 'must be a text of at most 1000 characters', type: 'wrong_type' });
  }
  return r.get(member) === undefined ? undefined : texts;
}

/** A JSON object kept as it came, of bounded size and depth. */
function freeForm(r: Reader, member: string, place: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const value = r.get(member);
  if (value === undefined) return undefined;
  if (!isObject(value)) return r.note(member, `must be a JSON object, not ${kindOf(value)}`, 'wrong_type');
  if (deeperThan(value, FREE_FORM_DEPTH)) {
    r.problems.push({ loc: [...place], msg: `must be nested at most ${FREE_FORM_DEPTH} levels deep`, type: 'too_many' });
    return undefined;
  }
  if (JSON.stringify(value).length > FREE_FORM_MAX) {
    r.problems.push({ loc: [...place], msg: `must have at most ${FREE_FORM_MAX} characters as JSON`, type: 'too_long' });
    return undefined;
  }
  return value;
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(inner, levels - 1));
}

function optional(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function noteRepeats(resources: readonly Resource[], problems: Problem[]): void {
  const seen = new Map<string, string>();
  for (const { kind, title, ref, loc } of resources) {
    const identity = `${kind} ${title}`;
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, ref);
    else {
      const member = kind === 'api_key' ? 'name' : 'title';
      const msg = `must not be the same as that of ${JSON.stringify(first)}`;
      problems.push({ loc: [...loc, 'properties', member], msg, type: 'conflict' });
    }
  }
}

function noteUnknownDependencies(resources: readonly Resource[], refs: ReadonlySet<string>, problems: Problem[]): void {
  for (const { dependsOn, loc } of resources) {
    for (const [index, ref] of dependsOn.entries()) {
      if (refs.has(ref)) continue;
      problems.push({
        loc: [...loc, 'depends_on', String(index)],
        msg: 'must be the name of a resource of this document',
        type: 'unknown_value',
      });
    }
  }
}

function wrongForm(value: unknown, loc: readonly string[]): Problem {
  return {
    loc: [...loc],
    msg: `must be a JSON object of resources, not ${kindOf(value)}`,
    type: value === undefined ? 'missing' : 'wrong_type',
  };
}
