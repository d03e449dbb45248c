/** What travels over the wire: schemas, their types, and readers for input from outside. Imports nothing of ours. */
export * from './app-operations.ts';
export * from './common.ts';
export * from './read.ts';
export * from './timestamps.ts';
export * from './v1.ts';
export * from './v1-event.ts';
export * from './v1-read.ts';
export * from './app-jobs.ts';
