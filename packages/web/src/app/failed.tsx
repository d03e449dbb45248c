import { Button, Container } from '@mantine/core';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorPanel } from '../components/error-panel.tsx';
import { PartMissing, reload, reloadOnce } from './parts.ts';
import { isLost, subscribeToLost } from './reachable.ts';

/** Where an address leads nowhere. */
export function NotFound() {
  return (
    <EmptyState title="There is no such page">
      The address may be from another version, or what it named is gone. <Link to="/jobs">Go to the AI use cases</Link>.
    </EmptyState>
  );
}

/** Where a page could not be drawn. One that is gone because the service was updated is loaded anew, with the new app. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const [reloading, setReloading] = useState(false);
  const missing = error instanceof PartMissing;
  const lost = useSyncExternalStore(subscribeToLost, isLost);
  const wasLost = useRef(lost);
  useEffect(() => {
    if (error instanceof PartMissing && error.updated) setReloading(reloadOnce());
  }, [error]);
  // Once the service is there again, nobody has to press the button.
  useEffect(() => {
    if (wasLost.current && !lost) void router.invalidate().then(reset);
    wasLost.current = lost;
  }, [lost, router, reset]);
  // What could not be fetched is fetched again with the page's other data.
  const retry = () => (missing ? void router.invalidate().then(reset) : reset());
  return (
    <Container size="sm" py="xl">
      {reloading ? (
        <EmptyState title="Verdict was updated">Loading the new version of this page…</EmptyState>
      ) : (
        <ErrorPanel error={error} retry={missing && error.updated ? undefined : retry} />
      )}
      {missing && error.updated && !reloading && (
        <Button mt="sm" onClick={reload}>
          Reload
        </Button>
      )}
    </Container>
  );
}
