import { queryClient, verdict } from './api.ts';

/**
 * Whether the service answers. A call without an answer says that it does not; from then on it is asked until it does, and then everything that the
 * page shows is asked for again: a service that was restarted needs no reload of the page.
 */

/** Milliseconds between two tries. */
const TRY = 2_000;

let lost = false;
const listeners = new Set<() => void>();

/** True from a call without an answer until the next answer. */
export function isLost(): boolean {
  return lost;
}

/** Tells of a change of {@link isLost}; returns how to end that. */
export function subscribeToLost(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Looks whether the service answers, as after a stream that broke. */
export function lookForService(): void {
  if (!lost) void tryOnce();
}

/** Watches all calls of the pages. */
export function watchCalls(): void {
  const failed = (error: unknown) => {
    // The class is known by its name: a page fetched later may have another copy of it.
    if (error instanceof Error && error.name === 'VerdictUnreachable') lookForService();
  };
  queryClient.getQueryCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'error') failed(event.action.error);
  });
  queryClient.getMutationCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'error') failed(event.action.error);
  });
}

async function tryOnce(): Promise<void> {
  try {
    await verdict.health();
    if (lost) {
      tell(false);
      await queryClient.invalidateQueries();
    }
  } catch {
    tell(true);
    setTimeout(() => void tryOnce(), TRY);
  }
}

function tell(to: boolean): void {
  if (lost === to) return;
  lost = to;
  for (const listener of listeners) listener();
}
