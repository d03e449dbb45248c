import {
  CategoryDetail,
  CategoryList,
  CategoryQuery,
  IntegrationTypeDetail,
  IntegrationTypeList,
  IntegrationTypeQuery,
  JOB_CATEGORIES,
  JobProperties,
  microsToZ,
  OverwriteQuery,
  ParametersSchemaAnswer,
  parametersSchema,
  RESOURCE_TYPES,
  RequestStatus,
  type ResourceItem,
  ResourceList,
  ResourceQuery,
  ResourcesAnswer,
  ResourcesRequest,
  type ResourceType,
} from '@verdict/contract';
import { type Static, Type } from 'typebox';
import { Refusal } from '../errors.ts';
import { baseOf, expectValid, invalidAt } from '../http/read.ts';
import { done, refusedStatus, requestStatus } from '../http/request-status.ts';
import { type Route, route } from '../http/route.ts';
import { maskedParameters } from '../integrations/integration.ts';
import type { IntegrationService } from '../integrations/integration-service.ts';
import { classId, type Job, jobStatus, openLabels } from '../jobs/job.ts';
import { readDocument } from './document.ts';
import type { Applied, Found, Item, ResourceService, Wanted } from './resource-service.ts';

/** Jobs, integrations and keys as a document, and what may stand in one. */
export function resourceRoutesV2(deps: {
  readonly resources: ResourceService;
  readonly integrations: IntegrationService;
}): Route[] {
  const { resources, integrations } = deps;
  const tag = 'v2: resources';
  const read = { scope: 'read:resources', role: 'lead' } as const;

  return [
    route({
      method: 'POST',
      path: '/api/v2/resources',
      id: 'v2ApplyResources',
      summary: 'Make or change jobs, integrations and keys by a document',
      description:
        'All of the document is done, or nothing. Resources may refer to each other in any order. A refusal, such as a title that exists, is answered with status NOK. A bare map without the member resources is accepted too.',
      tag,
      right: { scope: 'write:resources', role: 'admin' },
      query: OverwriteQuery,
      body: ResourcesRequest,
      lenient: true,
      response: ResourcesAnswer,
      async handler({ query, body, origin, request }) {
        const document = expectValid(readDocument(body));
        const overwrite = query.overwrite?.toLowerCase() === 'true';
        try {
          return presentApplied(await resources.apply(document, overwrite, origin), baseOf(request));
        } catch (error) {
          return { request: refusedStatus(error), created: [], updated: [] };
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/resources',
      id: 'v2FindResources',
      summary: 'List or show jobs, integrations and keys',
      description: 'Without title or id, jobs are shown by number and title alone. Secrets are masked; a key is never shown.',
      tag,
      right: read,
      query: ResourceQuery,
      response: ResourceList,
      async handler({ query, origin }) {
        const wanted = readWanted(query);
        const whole = wanted.title !== undefined || wanted.id !== undefined;
        return (await resources.find(wanted, origin)).map((found) => presentFound(found, whole));
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v2/resources',
      id: 'v2DeleteResource',
      summary: 'Delete a job, an integration or a key',
      description:
        'Names it by type and title or id. What something else still uses is refused with status NOK, naming its users.',
      tag,
      right: { scope: 'delete:resources' },
      query: ResourceQuery,
      response: RequestStatus,
      async handler({ query, origin }) {
        const { type, ...which } = readWanted(query);
        if (type === undefined)
          throw badQuery('resource_type', `must be one of ${RESOURCE_TYPES.join(', ')}, and is missing`, 'missing');
        if (which.title === undefined && which.id === undefined)
          throw badQuery('title', 'or id must say which one to delete', 'missing');
        return requestStatus(() => resources.delete({ ...which, type }, origin));
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/resources/integration/parameters/schema',
      id: 'v2IntegrationParametersSchema',
      summary: 'Show the parameters of integrations as a JSON Schema',
      description: 'With a role, those of an entry in the pipeline of a job; without one, those of the integration itself.',
      tag,
      right: read,
      query: IntegrationTypeQuery,
      response: ParametersSchemaAnswer,
      async handler({ query }) {
        return parametersSchema(typeNameOf(query), query.role || undefined);
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/resources/integration/metadata',
      id: 'v2IntegrationMetadata',
      summary: 'List the integration types, or show one with its parameters',
      tag,
      right: read,
      query: IntegrationTypeQuery,
      response: Type.Union([IntegrationTypeDetail, IntegrationTypeList]),
      async handler({ query }) {
        const name = typeNameOf(query);
        const inRole = integrations.catalogue().filter(({ roles }) => !query.role || roles.some((role) => role === query.role));
        if (name === undefined) {
          const integration_types = inRole.map(({ connection_parameters: _c, pipeline_parameters: _p, ...type }) => type);
          return { integration_types };
        }
        const type = inRole.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
        if (type) return type;
        const known = inRole.map((candidate) => candidate.name).join(', ') || 'none';
        const inThatRole = query.role ? ` with the role ${query.role.slice(0, 100)}` : '';
        throw new Refusal('not_found', `There is no integration type "${name.slice(0, 100)}"${inThatRole}. There is: ${known}.`);
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/resources/job/metadata',
      id: 'v2JobMetadata',
      summary: 'List the categories of jobs, or show one with the parameters of such a job',
      tag,
      right: read,
      query: CategoryQuery,
      response: Type.Union([CategoryDetail, CategoryList]),
      async handler({ query }) {
        const name = query.category?.trim();
        if (!name) return { job_categories: JOB_CATEGORIES };
        const category = JOB_CATEGORIES.find((known) => known.name.toLowerCase() === name.toLowerCase());
        if (category) return { ...category, parameters: JobProperties };
        const known = JOB_CATEGORIES.map((candidate) => candidate.name).join(', ');
        throw new Refusal('not_found', `There is no category "${name.slice(0, 100)}". There are: ${known}.`);
      },
    }),
  ];
}

function readWanted(query: Static<typeof ResourceQuery>): Wanted {
  const { resource_type, title, id } = query;
  const type = RESOURCE_TYPES.find((known) => known === resource_type);
  if (resource_type && !type) throw badQuery('resource_type', `must be one of ${RESOURCE_TYPES.join(', ')}`, 'unknown_value');
  if (title && id) throw badQuery('id', 'must not be given together with title', 'conflict');
  if (id && !/^\d{1,15}$/.test(id)) throw badQuery('id', 'must be the number of a resource', 'wrong_type');
  return { type, title: title?.trim() || undefined, id: id ? Number(id) : undefined };
}

function badQuery(member: string, msg: string, type: 'missing' | 'unknown_value' | 'conflict' | 'wrong_type'): Refusal {
  return invalidAt([{ loc: ['query', member], msg, type }]);
}

function typeNameOf(query: Static<typeof IntegrationTypeQuery>): string | undefined {
  return query.integration_type?.trim() || query.type?.trim() || undefined;
}

const PAGES: Readonly<Record<ResourceType, string>> = { api_key: 'keys', integration: 'integrations', job: 'jobs' };

function presentApplied({ created, updated, notes }: Applied, base: string): Static<typeof ResourcesAnswer> {
  const present = ({ type, ref, title, id, value }: Item): ResourceItem => ({
    type,
    resource_name: ref,
    title,
    internal_id: id,
    url: `${base}/${PAGES[type]}/${id}`,
    ...(value === undefined ? {} : { value }),
  });
  return { request: done(notes), created: created.map(present), updated: updated.map(present) };
}

function presentFound(found: Found, whole: boolean): Record<string, unknown> {
  switch (found.type) {
    case 'api_key': {
      const { id, name, createdAt, expiresAt, lastUsedAt, scopes } = found.key;
      return {
        id,
        name,
        created_at: microsToZ(createdAt),
        expires_at: timeOrNull(expiresAt),
        last_used_at: timeOrNull(lastUsedAt),
        scopes: [...scopes],
      };
    }
    case 'integration': {
      const { id, title, type } = found.integration;
      return { id, title, subcategory_id: found.typeId, integration_type: type, parameters: maskedParameters(found.integration) };
    }
    case 'job': {
      const { id, title } = found.job;
      return { [title]: { type: 'job', properties: whole ? presentJob(found.job, found.integrationTitles) : { id, title } } };
    }
  }
}

/** A job as a document has it: sent back as it is, it changes nothing. */
function presentJob(job: Job, integrationTitles: ReadonlyMap<number, string>) {
  const { settings } = job;
  return {
    id: job.id,
    title: job.title,
    description: job.description,
    category: job.category,
    status: jobStatus(job),
    decision_points: [...job.points],
    feedback_columns: [...settings.feedbackColumns],
    advanced_settings: {
      custom_labels: openLabels(job.labels)
        .toSorted((a, b) => a.position - b.position)
        .map(({ classNo, name, hexColor }) => ({ class_id: classId(classNo), name, hex_color: hexColor })),
      auto_retrain: settings.autoRetrain,
      monitoring_settings: settings.monitoring,
    },
    pipeline_integrations: job.integrations.map(
      ({ integrationId, role, enabled, settings: { auto_id, storage_tag, storage_tag_display_name, parameters } }) => ({
        resource: integrationTitles.get(integrationId) ?? `{{integrations(internal_id=${integrationId})}}`,
        integration_type: role,
        enabled,
        auto_id: auto_id ?? null,
        storage_tag: storage_tag ?? null,
        storage_tag_display_name: storage_tag_display_name ?? null,
        parameters: parameters ?? {},
      }),
    ),
  };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : microsToZ(at);
}
