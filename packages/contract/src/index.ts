/** What travels over the wire: schemas, their types, and readers for input from outside. Imports nothing of ours. */

export * from './app-access.ts';
export * from './app-activity.ts';
export * from './app-agents.ts';
export * from './app-demo.ts';
export * from './app-guard.ts';
export * from './app-integrations.ts';
export * from './app-jobs.ts';
export * from './app-notes.ts';
export * from './app-operations.ts';
export * from './app-training.ts';
export * from './app-trust.ts';
export * from './app-views.ts';
export * from './common.ts';
export * from './read.ts';
export * from './reference.ts';
export * from './scopes.ts';
export * from './timestamps.ts';
export * from './v1.ts';
export * from './v1-event.ts';
export * from './v1-read.ts';
export * from './v2.ts';
export * from './v2-catalogue.ts';
export * from './v2-metrics.ts';
export * from './v2-resources.ts';
export * from './v2-search.ts';
