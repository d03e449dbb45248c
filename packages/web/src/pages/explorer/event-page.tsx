import { Anchor, Paper } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useJobId } from '../../app/job.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { EventPanel } from './event-panel.tsx';

/** One event under an address of its own. */
export function EventPage() {
  const jobId = useJobId();
  const { eventId = '' } = useParams({ strict: false });
  return (
    <>
      <PageHeader title="Event">
        <Anchor component={Link} to={`/jobs/${jobId}/events`} size="sm">
          Back to the Event Explorer
        </Anchor>
      </PageHeader>
      <Paper withBorder p="md" maw={1100}>
        <EventPanel jobId={jobId} eventId={eventId} />
      </Paper>
    </>
  );
}
