import { Group, Paper, Progress, Skeleton, Stack, Text, Title, Tooltip } from '@mantine/core';
import type { AppActivity, AppJob } from '@verdict/client/browser';
import { memo } from 'react';
import { knowledgeOf } from './use-overview.ts';

/** Where the buckets (or events) stand between people and the active model. */
export const KnowledgePanel = memo(function KnowledgePanel({
  job,
  activity,
}: {
  readonly job: AppJob;
  readonly activity: AppActivity | undefined;
}) {
  const unit = job.decision_points.length > 0 && !job.category.startsWith('Event') ? 'bucket' : 'event';
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Knowledge base</Title>
        <Text size="xs" c="dimmed">
          {unit}s
        </Text>
      </Group>
      {activity ? (
        <Stack gap={6}>
          {knowledgeOf(activity).map(({ state, units, events, share, means }) => (
            <div key={state}>
              <Group justify="space-between">
                <Text size="sm">{state}</Text>
                <Tooltip label={`${events.toLocaleString()} events`}>
                  <Text size="sm">{units.toLocaleString()}</Text>
                </Tooltip>
              </Group>
              <Progress value={share * 100} size="xs" aria-label={`${state}: ${units} ${unit}s`} />
              <Text size="xs" c="dimmed">
                {means}
              </Text>
            </div>
          ))}
        </Stack>
      ) : (
        <Skeleton height={196} />
      )}
    </Paper>
  );
});
