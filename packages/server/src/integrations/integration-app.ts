import {
  AppDone,
  type AppIntegration,
  AppIntegrationChange,
  AppIntegrationCreate,
  AppIntegrationList,
  AppIntegrationParams,
  AppIntegration as AppIntegrationSchema,
  AppIntegrationTypeList,
  type AppIntegrationWritten,
  AppIntegrationWritten as AppIntegrationWrittenSchema,
  AppSearchQuery,
  microsToZ,
} from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import { maskedParameters } from './integration.ts';
import type { IntegrationPicture, IntegrationService, IntegrationWritten } from './integration-service.ts';

/** Integrations for people: choose from the catalogue, make, change, give a new key, delete. */
export function integrationRoutesApp(deps: { readonly integrations: IntegrationService }): Route[] {
  const { integrations } = deps;
  const tag = 'app: integrations';
  const read = { scope: 'read:resources', role: 'analyst' } as const;
  const write = { scope: 'write:resources', role: 'admin' } as const;
  const written = async ({ integration, newKey }: IntegrationWritten): Promise<AppIntegrationWritten> => ({
    integration: present(await integrations.picture(integration.id)),
    key_value: newKey?.value ?? null,
  });

  return [
    route({
      method: 'GET',
      path: '/api/app/integration-types',
      id: 'appListIntegrationTypes',
      summary: 'Search the catalogue of integration types',
      tag,
      right: read,
      query: AppSearchQuery,
      response: AppIntegrationTypeList,
      handler: async ({ query }) =>
        integrations
          .catalogue(query.search)
          .map(({ id, name, description, creatable, roles, connection_parameters: parameters }) => ({
            id,
            name,
            description,
            creatable,
            roles,
            parameters,
          })),
    }),
    route({
      method: 'GET',
      path: '/api/app/integrations',
      id: 'appListIntegrations',
      summary: 'List the integrations',
      tag,
      right: read,
      query: AppSearchQuery,
      response: AppIntegrationList,
      async handler({ query }) {
        const words = (query.search ?? '').toLowerCase().split(/\s+/);
        const fits = ({ title, type }: AppIntegration) => words.every((word) => `${title} ${type}`.toLowerCase().includes(word));
        return (await integrations.pictures()).map(present).filter(fits);
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/integrations',
      id: 'appCreateIntegration',
      summary: 'Make an integration',
      description: 'Without an api_key among the parameters a key is made; it is in the answer and never shown again.',
      tag,
      right: write,
      body: AppIntegrationCreate,
      status: 201,
      response: AppIntegrationWrittenSchema,
      handler: async ({ body: { title, type, parameters = {} }, origin }) =>
        written(await integrations.create({ title, type, parameters }, origin)),
    }),
    route({
      method: 'GET',
      path: '/api/app/integrations/{integration_id}',
      id: 'appGetIntegration',
      summary: 'Show an integration, its key and who is wired to it',
      tag,
      right: read,
      params: AppIntegrationParams,
      response: AppIntegrationSchema,
      handler: async ({ params }) => present(await integrations.picture(params.integration_id)),
    }),
    route({
      method: 'PATCH',
      path: '/api/app/integrations/{integration_id}',
      id: 'appChangeIntegration',
      summary: 'Change the title, the parameters or the key of an integration',
      tag,
      right: write,
      params: AppIntegrationParams,
      body: AppIntegrationChange,
      response: AppIntegrationWrittenSchema,
      handler: async ({ params, body, origin }) => written(await integrations.update(params.integration_id, body, origin)),
    }),
    route({
      method: 'POST',
      path: '/api/app/integrations/{integration_id}/key',
      id: 'appReplaceIntegrationKey',
      summary: 'Give an integration a new key',
      description: 'A key that was made for it ends at once; it is in no other integration. The new one is shown this once.',
      tag,
      right: write,
      params: AppIntegrationParams,
      response: AppIntegrationWrittenSchema,
      handler: async ({ params, origin }) => written(await integrations.replaceKey(params.integration_id, origin)),
    }),
    route({
      method: 'DELETE',
      path: '/api/app/integrations/{integration_id}',
      id: 'appDeleteIntegration',
      summary: 'Delete an integration that no AI use case is wired to',
      tag,
      right: { scope: 'delete:resources', role: 'admin' },
      params: AppIntegrationParams,
      response: AppDone,
      async handler({ params, origin }) {
        await integrations.delete(params.integration_id, origin);
        return { done: true };
      },
    }),
  ];
}

function present({ integration, type, key, usedBy }: IntegrationPicture): AppIntegration {
  return {
    integration_id: integration.id,
    title: integration.title,
    type: integration.type,
    type_id: type?.id ?? null,
    parameters: maskedParameters(integration),
    key: key
      ? {
          id: key.id,
          name: key.name,
          prefix: key.prefix,
          last4: key.last4,
          rights: [...key.rights],
          expires_at: timeOrNull(key.expiresAt),
          revoked_at: timeOrNull(key.revokedAt),
          last_used_at: timeOrNull(key.lastUsedAt),
          made_for_it: integration.ownsKey,
        }
      : null,
    used_by: usedBy.map(({ jobId, title, role, enabled }) => ({ job_id: jobId, title, role, enabled })),
    created_at: microsToZ(integration.createdAt),
    updated_at: microsToZ(integration.updatedAt),
  };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : microsToZ(at);
}
