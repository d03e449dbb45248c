import { parseAlert } from '@verdict/engine';
import fc from 'fast-check';
import { arcannaBlockOf } from '../decisions/arcanna-block.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { DEFAULT_SETTINGS, type Job } from '../jobs/job.ts';
import { documentOf } from './document.ts';
import type { SearchDocument } from './query.ts';

/** 2026-03-02T09:46:22.363642Z. */
export const NOON = 1_772_444_782_363_642;

/** An undecided event around an alert, for tests of the evaluator alone. */
export function testDocument(alert: object, changes: Partial<StoredEvent> = {}): SearchDocument {
  const event: StoredEvent = {
    seq: 1,
    jobId: 1201,
    eventId: 'e-1',
    version: 1,
    isCurrent: true,
    duplicated: false,
    title: null,
    severity: null,
    dataSource: null,
    storageTag: null,
    ingestedAt: NOON,
    eventAt: NOON,
    pointsVersion: 0,
    bucketId: null,
    decisionId: null,
    decidedAt: null,
    status: 'OK',
    error: null,
    ...changes,
  };
  const facts = { event, decision: undefined, bucket: undefined, consensus: undefined, state: 'new', before: undefined } as const;
  return documentOf({
    ...event,
    event: () => event,
    alert: () => parseAlert(JSON.stringify(alert)) as Record<string, unknown>,
    arcanna: () => arcannaBlockOf(JOB, facts),
  });
}

/** A use case as far as search needs one. */
export const JOB: Job = {
  id: 1201,
  title: 'Endpoint alerts',
  description: '',
  category: 'Decision intelligence',
  running: true,
  settings: DEFAULT_SETTINGS,
  labels: [],
  pointsVersion: 0,
  points: [],
  pointTypes: {},
  activeModelId: null,
  shadowModelId: null,
  shadowSince: null,
  trainState: null,
  trainMessage: null,
  trainStartedAt: null,
  trainFinishedAt: null,
  integrations: [],
  hasCodeSteps: false,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
};

/** Paths that the alerts of {@link anyAlert} have, one that none has, and some of ours. */
export const PATHS = [
  'a',
  'b',
  'a.b',
  'list.name',
  'list',
  'when',
  'raw_event.a',
  'a.keyword',
  '@timestamp',
  'arcanna.result',
  'arcanna.storage_tag',
  'id',
  'gone',
];
const WORDS = [
  'Port scan',
  'scan',
  'powershell.exe',
  'POWERSHELL',
  'Zürich',
  'Zu\u0308rich',
  '10.0.0.1',
  'x',
  '-',
  '',
  'Nightly',
  '日本 語',
];
const scalar = fc.oneof(
  fc.constantFrom<string | number | boolean>(...WORDS),
  fc.constantFrom<string | number | boolean>(0, 1, -5, 2.5, 1e21, '1', '2.50', true, 'true', '9223372036854775807', '-5'),
  fc.constantFrom(
    '2026-03-02T09:00:00Z',
    '2026-03-02T11:00:00+02:00',
    '2026-03-02',
    '2026-03-01T00:00:00',
    'now',
    'class_0',
    'class_1',
    'lab',
    'e1',
  ),
);
const value = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }) },
  fc.constant(null),
);
/** Alerts with arrays, missing and mixed values, dates with zones, large numbers and Unicode. */
export const anyAlert: fc.Arbitrary<object> = fc.record(
  {
    a: fc.oneof(value, fc.record({ b: value }, { requiredKeys: [] })),
    b: value,
    'a.b': value,
    list: fc.array(
      fc.oneof(
        scalar,
        fc.record({ name: value, deep: fc.array(fc.array(value, { maxLength: 2 }), { maxLength: 2 }) }, { requiredKeys: [] }),
      ),
      { maxLength: 3 },
    ),
    when: value,
    id: value,
  },
  { requiredKeys: [] },
);
const field = fc.constantFrom(...PATHS);
const onField = (name: string, of: fc.Arbitrary<unknown>) =>
  fc.tuple(field, of).map(([path, wanted]) => ({ [name]: { [path]: wanted } }));
const clause: fc.Arbitrary<object> = fc.oneof(
  onField('term', scalar),
  onField('terms', fc.array(scalar, { maxLength: 3 })),
  onField('match', scalar),
  onField('match', fc.record({ query: scalar, operator: fc.constantFrom('and', 'or') })),
  onField('match_phrase', scalar),
  onField('prefix', fc.constantFrom('Port', 'Z', '1', '')),
  onField('wildcard', fc.constantFrom('*', 'P*n', '?', '*.exe')),
  field
    .filter((path) => path !== '@timestamp')
    .chain((path) => fc.record({ gte: scalar, lt: scalar }, { requiredKeys: [] }).map((range) => ({ range: { [path]: range } }))),
  fc.constantFrom('now-3h', '2026-03-02', '2026-03-02T07:00:00Z').map((gt) => ({ range: { '@timestamp': { gt } } })),
  field.map((path) => ({ exists: { field: path } })),
  fc.record({ query: fc.constantFrom(...WORDS), operator: fc.constantFrom('and', 'or') }).map((multi_match) => ({ multi_match })),
  fc
    .constantFrom('scan AND NOT x', 'a:scan OR b:powershell*', '"port scan" -lab', 'nightly scan', '*')
    .map((query) => ({ query_string: { query } })),
  fc.constant({ ids: { values: ['e1', 'e3', 'e4'] } }),
  fc.constantFrom({ match_all: {} }, { match_none: {} }),
);
/** Queries about such alerts. */
export const anyQuery: fc.Arbitrary<object> = fc.letrec<{ query: object }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    clause,
    fc
      .record(
        {
          must: fc.array(tie('query'), { maxLength: 2 }),
          filter: tie('query'),
          should: fc.array(tie('query'), { maxLength: 3 }),
          must_not: fc.array(tie('query'), { maxLength: 2 }),
          minimum_should_match: fc.constantFrom(1, 2, '50%', -1),
        },
        { requiredKeys: [] },
      )
      .map((bool) => ({ bool })),
  ),
})).query;
