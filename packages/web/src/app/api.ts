import { QueryClient } from '@tanstack/react-query';
import { BrowserClient, VerdictError } from '@verdict/client/browser';
import { askToSignIn, csrf } from './sign-in-again.ts';

/** The service that this page came from. */
export const verdict = new BrowserClient({ csrf, signedOut: askToSignIn });
/** The app API of it. */
export const api = verdict.app;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // The client itself repeats what may be repeated; an answer that refuses would refuse again.
      retry: (failures, error) => failures < 1 && !(error instanceof VerdictError),
      refetchOnWindowFocus: true,
    },
  },
});

/** Names of what is kept of answers. Everything of one use case begins with `['job', id]`, so that one call can mark it all as old. */
export const keys = {
  session: ['session'] as const,
  jobs: ['jobs'] as const,
  job: (jobId: number) => ['job', jobId] as const,
  of: (jobId: number, what: string, ...more: readonly unknown[]) => ['job', jobId, what, ...more] as const,
  integrations: ['integrations'] as const,
  demo: ['demo'] as const,
  users: ['users'] as const,
  apiKeys: ['keys'] as const,
  audit: ['audit'] as const,
};
