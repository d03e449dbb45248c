import { Button, Group, Kbd, Modal, Paper, Progress, SegmentedControl, Skeleton, Stack, Table, Text } from '@mantine/core';
import { IconKeyboard } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { BulkTable } from './bulk-table.tsx';
import { FocusMode } from './focus-mode.tsx';
import { QUEUES, type QueueName, useQueue } from './queues.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2 3 …', 'give that label'],
  ['Enter', 'agree with the suggestion (not in audits)'],
  ['← →', 'the bucket before, the next'],
  ['S', 'skip it for now'],
  ['N', 'write a note'],
  ['U', 'undo the last label'],
  ['Space', 'in the table: mark the bucket; labels go to all that are marked'],
  ['?', 'these keys'],
];

/** Where analysts label: one bucket at a time, or many in a table. */
export function FeedbackPage() {
  const { jobId, job, error } = useJob();
  const search = useSearch({ strict: false }) as { queue?: string; mode?: string };
  const navigate = useNavigate();
  const name: QueueName = QUEUES.find((queue) => queue.name === search.queue)?.name ?? 'recommended';
  const bulk = search.mode === 'table';
  const queue = useQueue(jobId, name);
  const [help, setHelp] = useState(false);
  const go = (part: { queue?: string; mode?: string }) =>
    void navigate({
      to: '/jobs/$jobId/feedback',
      params: { jobId: String(jobId) },
      search: { ...search, ...part },
      replace: true,
    });
  if (error) return <ErrorPanel error={error} />;
  return (
    <>
      <PageHeader title="Feedback" about={QUEUES.find((each) => each.name === name)?.about}>
        <SegmentedControl
          aria-label="How to label"
          value={bulk ? 'table' : 'focus'}
          onChange={(mode) => go({ mode })}
          data={[
            { value: 'focus', label: 'One at a time' },
            { value: 'table', label: 'Table' },
          ]}
          size="xs"
        />
        <Button variant="default" leftSection={<IconKeyboard size={15} />} onClick={() => setHelp(true)}>
          Keys <Kbd ml={6}>?</Kbd>
        </Button>
      </PageHeader>
      <Group mb="sm" justify="space-between" align="flex-start">
        <SegmentedControl
          aria-label="Queue"
          size="xs"
          value={name}
          onChange={(to) => go({ queue: to })}
          data={QUEUES.map(({ name: value, title }) => ({ value, label: title }))}
        />
        <EnoughToTrain jobId={jobId} />
      </Group>
      {queue.error && <ErrorPanel error={queue.error} retry={queue.refetch} />}
      {(queue.items === undefined || job === undefined) && !queue.error && <Skeleton height={360} />}
      {queue.items !== undefined && job !== undefined && queue.items.length === 0 && (
        <Nothing queue={name} events={job.events} points={job.decision_points.length} refetch={queue.refetch} />
      )}
      {queue.items !== undefined &&
        job !== undefined &&
        queue.items.length > 0 &&
        (bulk ? (
          <BulkTable job={job} items={queue.items} queue={name} help={() => setHelp(true)} />
        ) : (
          <FocusMode key={name} job={job} items={queue.items} queue={name} more={queue.refetch} help={() => setHelp(true)} />
        ))}
      <Modal opened={help} onClose={() => setHelp(false)} title="Keys">
        <Table>
          <Table.Tbody>
            {KEYS.map(([key, does]) => (
              <Table.Tr key={key}>
                <Table.Td>
                  <Kbd>{key}</Kbd>
                </Table.Td>
                <Table.Td>{does}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
}

function Nothing({
  queue,
  events,
  points,
  refetch,
}: {
  readonly queue: QueueName;
  readonly events: number;
  readonly points: number;
  readonly refetch: () => void;
}) {
  if (events === 0)
    return (
      <EmptyState title="No alert has come in yet">
        Send some, or import closed ones with their labels: npm run verdict -- import.
      </EmptyState>
    );
  if (points === 0)
    return (
      <EmptyState title="Choose decision points first">
        They put like alerts into buckets, so that one label counts for all of a bucket.
      </EmptyState>
    );
  if (queue === 'audits')
    return (
      <EmptyState title="No audit waits">
        Audits are drawn at random from new alerts once a lead opens the guard for a label.
      </EmptyState>
    );
  return (
    <EmptyState title="Nothing is left in this queue" action={<Button onClick={refetch}>Look again</Button>}>
      New alerts will bring more. The queue All has every bucket.
    </EmptyState>
  );
}

/** How far it is to the first or next training. */
function EnoughToTrain({ jobId }: { readonly jobId: number }) {
  const training = useQuery({ queryKey: keys.of(jobId, 'training'), queryFn: () => api.training(jobId) });
  const { data } = training;
  if (!data) return null;
  const labelled = data.labels.reduce((sum, label) => sum + label.units, 0);
  return (
    <Paper withBorder px="sm" py={6} miw={300}>
      <Stack gap={2}>
        <Text size="xs">
          <b>{labelled.toLocaleString()}</b> {data.unit}s labelled (
          {data.labels.map((label) => `${label.units} ${label.label}`).join(', ')})
          {data.undecided > 0 && `, ${data.undecided} undecided`}
        </Text>
        {data.missing === null ? (
          <Text size="xs" c="dimmed">
            Enough to train: the button is in the overview.
          </Text>
        ) : (
          <>
            <Progress
              value={Math.min(96, (labelled / Math.max(4, 2 * data.labels.length)) * 100)}
              size="xs"
              aria-label="Labelled so far"
            />
            <Text size="xs" c="dimmed">
              {data.missing}
            </Text>
          </>
        )}
      </Stack>
    </Paper>
  );
}
