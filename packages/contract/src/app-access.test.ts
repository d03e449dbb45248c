import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import * as access from './app-access.ts';

it('lets each role do what those before it may, and more', () => {
  const [analyst, lead, admin] = access.USER_ROLES.map(access.actionsOf);
  expect(analyst).toEqual(['read', 'vote', 'withdraw_own']);
  expect(lead).toEqual([...(analyst ?? []), 'overrule', 'decision_points', 'train', 'activate', 'guard', 'reprocess']);
  expect(admin).toEqual([...(lead ?? []), 'integrations', 'keys', 'users', 'audit', 'retention', 'backup', 'delete']);
});

it('has only examples that fit their schema', () => {
  const examples = Object.values(access).flatMap((schema) =>
    typeof schema === 'object' && 'examples' in schema && Array.isArray(schema.examples)
      ? schema.examples.map((example: unknown) => ({ schema, example }))
      : [],
  );
  expect(examples.length).toBeGreaterThan(12);
  for (const { schema, example } of examples) expect([...Value.Errors(schema, example)]).toEqual([]);
});
