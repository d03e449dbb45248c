import { Anchor, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { memo } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Time } from '../../components/time.tsx';
import { useAttention, whyAttention } from './use-overview.ts';

/** The newest alerts that the model would rather have a person look at. */
export const AttentionPanel = memo(function AttentionPanel({ job }: { readonly job: AppJob }) {
  const { data, error, isPending } = useAttention(job.job_id);
  return (
    <Paper withBorder p="sm">
      <Title order={2} mb="xs">
        Alerts that need attention
      </Title>
      {error && <ErrorPanel error={error} />}
      {isPending && <Skeleton height={150} />}
      {data?.found.length === 0 && (
        <Text size="sm" c="dimmed">
          {job.active_model_id === null
            ? 'Once a model decides, alerts that it is unsure of appear here.'
            : `None of the newest ${data.looked} events: all are decided with at least 60 %, or labelled.`}
        </Text>
      )}
      <Stack gap={0}>
        {data?.found.map((event) => (
          <div key={event.event_id} className="attention-row">
            <Anchor
              component={Link}
              to={`/jobs/${job.job_id}/events/${encodeURIComponent(event.event_id)}`}
              className="attention-title"
              size="sm"
            >
              <AlertText text={event.title ?? event.event_id} limit={120} />
            </Anchor>
            <Text size="xs" c="dimmed">
              {whyAttention(event)}
            </Text>
            <LabelBadge label={event.decision.label} labels={job.labels} />
            <Confidence value={event.decision.confidence} />
            <Text size="xs" c="dimmed" component="span">
              <Time at={event.event_at} relative />
            </Text>
          </div>
        ))}
      </Stack>
      {data && data.more > 0 && (
        <Anchor component={Link} to={`/jobs/${job.job_id}/feedback?queue=low`} size="sm">
          {data.more} more of the newest {data.looked}
        </Anchor>
      )}
    </Paper>
  );
});
