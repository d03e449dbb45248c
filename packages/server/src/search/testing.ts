import { parseAlert } from '@verdict/engine';
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
  createdAt: 0,
  updatedAt: 0,
  version: 1,
};
