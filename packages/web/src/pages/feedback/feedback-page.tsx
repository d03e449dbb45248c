import { Box, Button, Group, Kbd, Progress, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { IconFilter, IconKeyboard } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { useLive } from '../../app/live.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { JobFailed } from '../../components/job-failed.tsx';
import { KeysDialog } from '../../components/keys-dialog.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { readState } from '../explorer/explorer-query.ts';
import { AgentVotes } from './agent-votes.tsx';
import { BulkTable } from './bulk-table.tsx';
import { FocusMode } from './focus-mode.tsx';
import { LabelByFilter } from './label-by-filter.tsx';
import { QUEUES, type QueueName, useCountsOfQueues, useQueue } from './queues.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2 3 …', 'give that label'],
  ['Enter', 'agree with the suggestion (not in audits)'],
  ['← → ↑ ↓', 'the bucket before, the next'],
  ['S', 'skip it for now'],
  ['N', 'write a note'],
  ['U', 'undo the last label'],
  ['Space', 'in the table: mark the bucket; labels go to all that are marked'],
  ['D', 'among the votes of agents: decline'],
  ['?', 'these keys'],
];

/** Where analysts label: one bucket at a time, or many in a table. */
export function FeedbackPage() {
  const { jobId, job, error } = useJob();
  const search = useSearch({ strict: false }) as { queue?: string; mode?: string };
  const navigate = useNavigate();
  const name: QueueName = QUEUES.find((queue) => queue.name === search.queue)?.name ?? 'recommended';
  const bulk = search.mode === 'table';
  const { queue, error: problem, refetch } = useQueue(jobId, name);
  const counts = useCountsOfQueues(jobId);
  const [filtering, setFiltering] = useState(false);
  const [help, setHelp] = useState(false);
  const go = (part: { queue?: string; mode?: string }) =>
    void navigate({
      to: '/jobs/$jobId/feedback',
      params: { jobId: String(jobId) },
      search: { ...search, ...part },
      replace: true,
    });
  if (error) return <JobFailed error={error} />;
  // Before decision points are chosen a queue may be refused: that is no fault, and what to do first is said instead.
  const early = problem !== null && job?.decision_points.length === 0;
  return (
    <>
      <PageHeader
        title="Feedback"
        about={
          <>
            {QUEUES.find((each) => each.name === name)?.about}
            <EnoughToTrain jobId={jobId} />
          </>
        }
      >
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
        <Button
          variant="default"
          leftSection={<IconFilter size={15} />}
          disabled={job === undefined}
          onClick={() => setFiltering(true)}
        >
          Label by filter
        </Button>
        <Button variant="default" leftSection={<IconKeyboard size={15} />} onClick={() => setHelp(true)}>
          Keys <Kbd ml={6}>?</Kbd>
        </Button>
      </PageHeader>
      <Box mb="sm">
        <SegmentedControl
          aria-label="Queue"
          size="xs"
          value={name}
          onChange={(to) => go({ queue: to })}
          data={QUEUES.map(({ name: value, title }) => ({
            value,
            label: (
              <span>
                <span>{title}</span>
                {(counts[value] ?? 0) > 0 && value !== 'all' && (
                  <span className="queue-count">{(counts[value] ?? 0).toLocaleString()}</span>
                )}
              </span>
            ),
          }))}
        />
      </Box>
      {problem && !early && <ErrorPanel error={problem} retry={refetch} />}
      {name === 'agents' && job && <AgentVotes job={job} help={() => setHelp(true)} />}
      {name !== 'agents' && (queue === undefined || job === undefined) && !problem && <Skeleton height={360} />}
      {name !== 'agents' && job && (early || queue?.items.length === 0) && (
        <Nothing jobId={jobId} queue={name} events={job.events} points={job.decision_points.length} refetch={refetch} />
      )}
      {name !== 'agents' &&
        queue &&
        job &&
        queue.items.length > 0 &&
        (bulk ? (
          <BulkTable key={name} job={job} queue={queue} more={refetch} help={() => setHelp(true)} />
        ) : (
          <FocusMode key={name} job={job} queue={queue} name={name} more={refetch} help={() => setHelp(true)} />
        ))}
      {job && <LabelByFilter job={job} start={readState({})} opened={filtering} close={() => setFiltering(false)} />}
      <KeysDialog keys={KEYS} opened={help} close={() => setHelp(false)} />
    </>
  );
}

function Nothing({
  jobId,
  queue,
  events,
  points,
  refetch,
}: {
  readonly jobId: number;
  readonly queue: QueueName;
  readonly events: number;
  readonly points: number;
  readonly refetch: () => void;
}) {
  // What is shown where there is something listens itself.
  useLive(jobId);
  if (events === 0)
    return (
      <EmptyState title="No alert has come in yet">
        Send some, or import closed ones with their labels: npm run verdict -- import.
      </EmptyState>
    );
  if (points === 0)
    return (
      <EmptyState
        title="Choose decision points first"
        action={
          <Link to="/jobs/$jobId/decision-points" params={{ jobId: String(jobId) }}>
            Decision points
          </Link>
        }
      >
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
  if (!data) return <Text size="sm">{'\u00a0'}</Text>;
  const labelled = data.labels.reduce((sum, label) => sum + label.units, 0);
  const enough = data.missing === null;
  return (
    <Group gap={8} wrap="nowrap" mih={20}>
      {!enough && (
        <Progress
          w={90}
          value={Math.min(96, (labelled / Math.max(4, 2 * data.labels.length)) * 100)}
          size="sm"
          aria-label="Labelled so far"
        />
      )}
      {/* With many labels what is missing is long: the hand's place would move down. */}
      <Text size="sm" span lineClamp={2} title={data.missing ?? undefined}>
        <b>{labelled.toLocaleString()}</b> {data.unit}s labelled (
        {inFew(data.labels.map((label) => `${label.units} ${label.label}`))})
        {data.undecided > 0 && `, ${data.undecided} undecided`}
        {enough ? ': ' : '. '}
        {enough && (
          <Link to="/jobs/$jobId" params={{ jobId: String(jobId) }}>
            enough to train
          </Link>
        )}
        {data.missing}
      </Text>
    </Group>
  );
}

/** The first of many, and how many there are besides. */
function inFew(parts: readonly string[]): string {
  const few = 5;
  return parts.length <= few ? parts.join(', ') : `${parts.slice(0, few).join(', ')} and ${parts.length - few} more`;
}
