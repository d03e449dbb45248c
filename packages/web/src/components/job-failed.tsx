import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { keys } from '../app/api.ts';
import { isGone, useJobId } from '../app/job.ts';
import { EmptyState } from './empty-state.tsx';
import { ErrorPanel } from './error-panel.tsx';

/** In place of a page whose use case cannot be shown: because it was deleted, perhaps while the page was open, or for another reason. */
export function JobFailed({ error }: { readonly error: unknown }) {
  const client = useQueryClient();
  const jobId = useJobId();
  if (!isGone(error))
    return <ErrorPanel error={error} retry={() => void client.invalidateQueries({ queryKey: keys.job(jobId) })} />;
  return (
    <EmptyState
      title="This use case is not there"
      action={
        <Button component={Link} to="/jobs">
          To the AI use cases
        </Button>
      }
    >
      Somebody deleted it, or the address is wrong. The audit trail says who deletes what.
    </EmptyState>
  );
}
