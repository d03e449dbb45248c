import { Loader } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { isLost, subscribeToLost } from './reachable.ts';

/** Over the page while the service does not answer: nothing moves, and it goes by itself. */
export function Lost() {
  const lost = useSyncExternalStore(subscribeToLost, isLost);
  return (
    <div role="status" className="lost-around">
      {lost && (
        <div className="lost">
          <Loader size={14} color="currentColor" aria-hidden="true" />
          Verdict does not answer. What you see may be old, and what you typed stays; it is tried again until it does.
        </div>
      )}
    </div>
  );
}
