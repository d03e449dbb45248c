import { Container } from '@mantine/core';
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorPanel } from '../components/error-panel.tsx';

/** Where an address leads nowhere. */
export function NotFound() {
  return (
    <EmptyState title="There is no such page">
      The address may be from another version, or what it named is gone. <Link to="/jobs">Go to the AI use cases</Link>.
    </EmptyState>
  );
}

/** Where a page could not be drawn. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <Container size="sm" py="xl">
      <ErrorPanel error={error} retry={reset} />
    </Container>
  );
}
