import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { isScope, SCOPE_DESCRIPTIONS, SCOPES } from './scopes.ts';
import { TOKEN_UNITS, TokenRequest } from './v2.ts';
import {
  DEFAULT_LABELS,
  findIntegrationType,
  INTEGRATION_TYPES,
  isRole,
  JOB_CATEGORIES,
  parametersSchema,
  ROLES,
} from './v2-catalogue.ts';
import { JobProperties, OverwriteQuery, ResourcesRequest } from './v2-resources.ts';
import { EventQuery, FILTER_OPERATORS } from './v2-search.ts';

describe('scopes', () => {
  it('are those of the contract, each with a description', () => {
    expect(SCOPES).toEqual([
      'read:resources',
      'write:resources',
      'delete:resources',
      'execute:job_operations',
      'read:event_query',
      'read:event_export',
      'write:events',
      'write:event_feedback',
      'write:event_agentic_notes',
      'execute:reprocess_events',
      'read:job_metrics',
      'execute:recompute_model_metrics',
      'execute:job_code_blocks',
      'write:job_code_blocks',
    ]);
    for (const scope of SCOPES) expect(SCOPE_DESCRIPTIONS[scope]).toMatch(/^[A-Z].+\.$/);
  });

  it('are told from anything else', () => {
    expect(isScope('write:events')).toBe(true);
    expect(['write:event', 'toString', '__proto__', ''].some(isScope)).toBe(false);
  });
});

describe('the catalogue', () => {
  it('numbers integration types from 1', () => {
    expect(INTEGRATION_TYPES.map(({ id, name }) => [id, name])).toEqual([
      [1, 'Cortex XSOAR'],
      [2, 'External REST API'],
    ]);
    expect(findIntegrationType(' cortex xsoar ')?.id).toBe(1);
    expect(findIntegrationType('Jira')).toBeUndefined();
  });

  it('marks the API key as a secret that may be left out', () => {
    for (const { connection_parameters } of INTEGRATION_TYPES) {
      expect(connection_parameters.properties.api_key?.writeOnly).toBe(true);
      expect(connection_parameters.required).toEqual([]);
    }
    expect(Object.keys(INTEGRATION_TYPES[1]?.connection_parameters.properties ?? {})).toContain('data_type');
  });

  it('gives schemas by type and role, empty for what it does not know', () => {
    expect(Object.keys(parametersSchema(undefined).properties)).toEqual(['Cortex XSOAR', 'External REST API']);
    expect(Object.keys(parametersSchema('cortex xsoar').properties['Cortex XSOAR']?.properties ?? {})).toEqual([
      'api_key',
      'machine_users',
      'result_form',
    ]);
    expect(parametersSchema('Jira')).toEqual({ type: 'object', properties: {} });
    expect(parametersSchema('Cortex XSOAR', 'input')).toEqual({
      type: 'object',
      properties: { 'Cortex XSOAR': { type: 'object', properties: {}, required: [] } },
    });
    expect(parametersSchema('Cortex XSOAR', 'output').properties).toEqual({});
    expect(parametersSchema('Cortex XSOAR', 'constructor').properties).toEqual({});
  });

  it('has the roles, categories and labels of the contract', () => {
    expect(ROLES).toHaveLength(9);
    expect(isRole('input') && !isRole('toString')).toBe(true);
    expect(JOB_CATEGORIES.map((category) => category.name)).toEqual([
      'Decision intelligence',
      'Event centric decision intelligence',
    ]);
    expect(DEFAULT_LABELS.map((label) => [label.class_id, label.name, label.hex_color])).toEqual([
      ['class_0', 'Escalate', '#ed0a2c'],
      ['class_1', 'Drop', '#10b981'],
      ['class_2', 'Investigate', '#2563eb'],
    ]);
  });
});

describe('request schemas', () => {
  const job = { title: 'T', category: 'Decision intelligence' };

  it('take null as absent and members they do not know', () => {
    expect(Value.Check(JobProperties, { ...job, description: null, advanced_settings: null, owner: 'x' })).toBe(true);
    expect(
      Value.Check(JobProperties, { ...job, advanced_settings: { auto_retrain: { blockers: { outliers: true, other: 1 } } } }),
    ).toBe(true);
    expect(Value.Check(EventQuery, { job_ids: 1201, job_titles: ['a'], size: null })).toBe(true);
    expect(Value.Check(TokenRequest, { username: 'a', password: 'b', expires_in_unit: null })).toBe(true);
  });

  it('refuse what is wrong', () => {
    expect(Value.Check(JobProperties, { ...job, decision_points: 'rule.name' })).toBe(false);
    expect(Value.Check(JobProperties, { ...job, advanced_settings: { auto_retrain: { blockers: { outliers: 'yes' } } } })).toBe(
      false,
    );
    expect(Value.Check(JobProperties, { ...job, advanced_settings: { custom_labels: [{ name: 'A', hex_color: 'red' }] } })).toBe(
      false,
    );
    expect(Value.Check(EventQuery, { filters: [{ field: 'a', operator: 'like' }] })).toBe(false);
    expect(Value.Check(TokenRequest, { username: 'a', password: 'b', expires_in_unit: 'years' })).toBe(false);
  });

  it('take a document in its wrapper and as a bare map', () => {
    const map = { key: { type: 'api_key', properties: { name: 'soar' } } };
    expect(Value.Check(ResourcesRequest, { resources: map })).toBe(true);
    expect(Value.Check(ResourcesRequest, map)).toBe(true);
    expect(Value.Check(ResourcesRequest, { key: { type: 'user', properties: {} } })).toBe(false);
  });

  it('take booleans of a query as JavaScript and as Python write them', () => {
    for (const overwrite of ['true', 'false', 'True', 'False', '']) expect(Value.Check(OverwriteQuery, { overwrite })).toBe(true);
    expect(Value.Check(OverwriteQuery, { overwrite: 'perhaps' })).toBe(false);
  });

  it('know every operator and unit', () => {
    expect(FILTER_OPERATORS).toHaveLength(14);
    expect(TOKEN_UNITS).toEqual(['seconds', 'minutes', 'hours', 'days']);
  });
});
