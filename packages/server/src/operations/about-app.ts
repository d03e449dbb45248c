import { statSync } from 'node:fs';
import { AppAbout, microsToZ } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';

/** What the service is and how it is set up, as far as people may know it. */
export function aboutRoutesApp(deps: {
  readonly version: string;
  /** Microseconds. */
  readonly startedAt: number;
  readonly databaseFile: string;
  /** Events that the search index does not hold yet. */
  readonly searchLag: () => number;
  /** Microseconds. */
  readonly sessions: { readonly idle: number; readonly longest: number };
  /** Failures of a name that cost no waiting, and the longest wait after more of them, in microseconds. */
  readonly guesses: { readonly free: number; readonly longestWait: number };
}): Route[] {
  const seconds = (micros: number) => Math.round(micros / 1_000_000);
  return [
    route({
      method: 'GET',
      path: '/api/app/about',
      id: 'appAbout',
      summary: 'Version, size, and the rules of signing in',
      tag: 'operations',
      right: { scope: 'read:resources', role: 'analyst' },
      response: AppAbout,
      async handler(): Promise<AppAbout> {
        return {
          version: deps.version,
          node: process.versions.node,
          started_at: microsToZ(deps.startedAt),
          database_bytes: statSync(deps.databaseFile, { throwIfNoEntry: false })?.size ?? 0,
          memory_bytes: process.memoryUsage.rss(),
          search_lag: deps.searchLag(),
          session_idle_seconds: seconds(deps.sessions.idle),
          session_longest_seconds: seconds(deps.sessions.longest),
          free_failures: deps.guesses.free,
          longest_wait_seconds: seconds(deps.guesses.longestWait),
        };
      },
    }),
  ];
}
