import {
  Alert,
  Badge,
  Button,
  Checkbox,
  Group,
  List,
  Paper,
  Progress,
  Skeleton,
  Stack,
  Table,
  Text,
  Tooltip,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppFields, AppJob } from '@verdict/client/browser';
import { useEffect, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { JobFailed } from '../../components/job-failed.tsx';
import { notifyUndo } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SearchBox } from '../../components/search-box.tsx';
import { AboutTypes, own, PointTypeSelect, type PointTypes, typeChanges, typesOf } from './point-types.tsx';
import { PointsPreview, usePreview } from './points-preview.tsx';

type Field = AppFields['fields'][number];

const ADVICE: Readonly<Record<string, { readonly word: string; readonly color: string }>> = {
  good: { word: 'good', color: 'teal' },
  constant: { word: 'always the same', color: 'gray' },
  identifier: { word: 'identifier', color: 'orange' },
  time: { word: 'time', color: 'orange' },
  leaks_outcome: { word: 'leaks the outcome', color: 'red' },
  duplicate: { word: 'says the same as another', color: 'gray' },
  rare: { word: 'rarely there', color: 'gray' },
};

/** Which fields of the alerts a decision may depend on. */
export function DecisionPointsPage() {
  const { jobId, job, error } = useJob();
  const fields = useQuery({ queryKey: keys.of(jobId, 'fields'), queryFn: () => api.fields(jobId, 2_000), staleTime: 60_000 });
  const may = useCan('decision_points');
  const client = useQueryClient();
  useLive(jobId);
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [types, setTypes] = useState<PointTypes>({});
  const [search, setSearch] = useState('');
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (chosen !== null || job === undefined) return;
    setChosen(new Set(job.decision_points));
    setTypes(job.decision_point_types);
  }, [chosen, job]);
  const save = useMutation({
    mutationFn: (change: Change) => api.changeJob(jobId, bodyOf(change)),
    onSuccess: async (after, { points, types: set }) => {
      const before = { points: job?.decision_points ?? [], types: job?.decision_point_types ?? {} };
      setAsking(false);
      await client.invalidateQueries({ queryKey: keys.job(jobId) });
      notifyUndo(points === undefined ? TYPES_SAVED : pointsSaved(points.length, Object.keys(set).length > 0), async () => {
        const back = new Set(before.points);
        const kept = typesOf(back, after.decision_point_types);
        const types = typeChanges(back, kept, before.types);
        await api.changeJob(jobId, bodyOf({ points: points && before.points, types }));
        setChosen(back);
        setTypes(before.types);
        await client.invalidateQueries({ queryKey: keys.job(jobId) });
      });
    },
  });
  if (error) return <JobFailed error={error} />;
  const now = chosen ?? new Set<string>();
  const saved = new Set(job?.decision_points ?? []);
  const pointsChanged = now.size !== saved.size || [...now].some((point) => !saved.has(point));
  const change = {
    points: pointsChanged ? [...now] : undefined,
    types: typeChanges(now, job?.decision_point_types ?? {}, types),
  };
  const changed = pointsChanged || Object.keys(change.types).length > 0;
  const trained = job?.active_model_id !== null && job?.active_model_id !== undefined;
  // What was chosen and no longer comes in stays visible, or it could not be taken out.
  const unseen = [...new Set([...saved, ...now])].filter(
    (point) => fields.data && !fields.data.fields.some((field) => field.path === point),
  );
  const shown = (fields.data?.fields ?? []).filter((field) => field.path.toLowerCase().includes(search.toLowerCase()));
  const ranks = new Map((fields.data?.fields ?? []).map((field, index) => [field.path, index + 1]));
  const toggle = (path: string) => {
    const next = new Set(now);
    if (!next.delete(path)) next.add(path);
    setChosen(next);
  };
  const setType = (path: string, type: PointTypes[string] | null) => {
    const { [path]: _, ...others } = types;
    setTypes(type === null ? others : { ...others, [path]: type });
  };
  const goBack = () => {
    setChosen(saved);
    setTypes(job?.decision_point_types ?? {});
  };
  const proposal = (fields.data?.fields ?? []).filter((field) => field.advice === 'good').slice(0, 6);
  const submit = () => save.mutate(change);
  return (
    <>
      <PageHeader
        title="Decision points"
        about="The fields that a decision may depend on. Alerts with the same values of all of them form a bucket: one label counts for all of it."
      >
        <Button
          variant="default"
          disabled={!may || proposal.length === 0}
          onClick={() => setChosen(new Set(proposal.map((field) => field.path)))}
        >
          Take the best {proposal.length > 0 ? proposal.length : ''}
        </Button>
        <Button variant="default" disabled={!changed} onClick={goBack}>
          Back to what is saved
        </Button>
        <Tooltip label="Leads and administrators choose decision points" disabled={may}>
          <Button
            disabled={!may || !changed || now.size === 0}
            loading={save.isPending}
            onClick={() => (trained && pointsChanged ? setAsking(true) : submit())}
          >
            {pointsChanged || !changed ? `Save ${now.size} decision ${now.size === 1 ? 'point' : 'points'}` : 'Save the types'}
          </Button>
        </Tooltip>
      </PageHeader>
      {save.error && <ErrorPanel error={save.error} />}
      {fields.error && <ErrorPanel error={fields.error} retry={() => void fields.refetch()} />}
      {fields.isPending && <Skeleton height={320} />}
      {fields.data?.events === 0 && (
        <EmptyState title="No alert has come in yet">
          Decision points are chosen from the fields of real alerts. Send some first; they wait here without a decision and lose
          nothing by it.
        </EmptyState>
      )}
      {fields.data && fields.data.events > 0 && (
        <>
          <Group mb="sm" justify="space-between">
            <SearchBox name="Search fields" hint="Search fields" width={260} value={search} onChange={setSearch} />
            <Text size="sm" c="dimmed">
              {fields.data.fields.length} fields in the newest {fields.data.events.toLocaleString()} events, best first
            </Text>
          </Group>
          <AboutTypes />
          {unseen.length > 0 && (
            <Alert color="yellow" variant="light" mb="sm" title="Chosen, but in none of these events">
              <Group gap="md">
                {unseen.map((path) => (
                  <Checkbox
                    key={path}
                    label={<AlertText text={path} />}
                    checked={now.has(path)}
                    disabled={!may}
                    onChange={() => toggle(path)}
                  />
                ))}
              </Group>
            </Alert>
          )}
          <div className="points">
            <Paper withBorder className="points-table">
              <Table.ScrollContainer minWidth={640}>
                <Table highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th w={32} aria-label="Chosen" />
                      <Table.Th w={36} ta="right">
                        <Tooltip label="How much it tells, the best first">
                          <span>Rank</span>
                        </Tooltip>
                      </Table.Th>
                      <Table.Th>Field</Table.Th>
                      <Table.Th style={{ whiteSpace: 'nowrap' }}>In events</Table.Th>
                      <Table.Th ta="right">Values</Table.Th>
                      <Table.Th>Examples</Table.Th>
                      <Table.Th w={150}>Advice</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {shown.map((field) => (
                      <Row
                        key={field.path}
                        field={field}
                        rank={ranks.get(field.path) ?? 0}
                        checked={now.has(field.path)}
                        disabled={!may}
                        toggle={() => toggle(field.path)}
                        type={own(types, field.path)}
                        setType={(type) => setType(field.path, type)}
                      />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              {shown.length === 0 && <EmptyState title="No field fits the search" />}
            </Paper>
            {job && <PointsPreview job={job} points={[...now]} />}
          </div>
        </>
      )}
      <Dialog opened={asking} onClose={() => setAsking(false)} title="What this change costs">
        {asking && job && <Cost job={job} saved={[...saved]} chosen={[...now]} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)}>
            Cancel
          </Button>
          <Button loading={save.isPending} onClick={submit}>
            Change the decision points
          </Button>
        </Group>
      </Dialog>
    </>
  );
}

/** What is saved: other points (undefined where they stay), and the types that change. */
interface Change {
  readonly points: readonly string[] | undefined;
  readonly types: Readonly<Record<string, PointTypes[string] | null>>;
}

function bodyOf({ points, types }: Change) {
  return {
    ...(points === undefined ? {} : { decision_points: [...points] }),
    ...(Object.keys(types).length === 0 ? {} : { decision_point_types: { ...types } }),
  };
}

const TYPES_SAVED = 'The types are saved. They count from the next training on.';

function pointsSaved(count: number, withTypes: boolean): string {
  const types = withTypes ? ' Their types count from the next training on.' : '';
  return `${count} decision points are chosen. Stored events are put in buckets again, newest first.${types}`;
}

/** What changing a choice that a model was trained on costs, in figures of this use case. */
function Cost({
  job,
  saved,
  chosen,
}: {
  readonly job: AppJob;
  readonly saved: readonly string[];
  readonly chosen: readonly string[];
}) {
  const before = usePreview(job.job_id, saved).data;
  const after = usePreview(job.job_id, chosen).data;
  const added = chosen.filter((point) => !saved.includes(point));
  const gone = saved.filter((point) => !chosen.includes(point));
  return (
    <Stack gap="xs" mb="sm">
      <Text size="sm">
        {added.length > 0 && <>Added: {added.join(', ')}. </>}
        {gone.length > 0 && <>Taken out: {gone.join(', ')}.</>}
      </Text>
      <List size="sm" spacing={4}>
        <List.Item>
          <b>{job.events.toLocaleString()}</b> stored events are put in buckets again, newest first. Nothing waits for it.
        </List.Item>
        <List.Item>
          {before && after
            ? `The newest ${after.events.toLocaleString()} events: ${before.buckets.toLocaleString()} buckets now, ${after.buckets.toLocaleString()} then.`
            : 'Counting buckets…'}
        </List.Item>
        <List.Item>
          Feedback stays with the <b>{job.events_with_feedback.toLocaleString()}</b> events it was given on and is counted again
          over the new buckets
          {after &&
            (after.conflicts === 0
              ? '; none of the labelled ones would mix labels.'
              : `; ${after.conflicts} of ${after.labelled} labelled ones would mix labels and become undecided or follow the majority.`)}
        </List.Item>
        <List.Item>
          Model {job.active_model_id} goes on deciding by the points that it was trained on, until you train again.
        </List.Item>
        <List.Item>What the guard has proved belongs to that model; a new one proves it anew.</List.Item>
      </List>
    </Stack>
  );
}

function Row({
  field,
  rank,
  checked,
  disabled,
  toggle,
  type,
  setType,
}: {
  readonly field: Field;
  readonly rank: number;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly toggle: () => void;
  /** What a person has set; undefined = as found. */
  readonly type: PointTypes[string] | undefined;
  readonly setType: (type: PointTypes[string] | null) => void;
}) {
  const advice = ADVICE[field.advice] ?? { word: field.advice, color: 'gray' };
  return (
    <Table.Tr {...(checked ? { bg: 'var(--mantine-color-default-hover)' } : {})}>
      <Table.Td>
        <Checkbox aria-label={`Decide by ${field.path}`} checked={checked} disabled={disabled} onChange={toggle} />
      </Table.Td>
      <Table.Td ta="right" c="dimmed">
        {rank}
      </Table.Td>
      <Table.Td fw={550} className="path" miw={216}>
        <AlertText text={field.path} />
        {checked ? (
          <PointTypeSelect path={field.path} found={field.type} set={type} disabled={disabled} change={setType} />
        ) : (
          <Text size="xs" c="dimmed">
            {field.type}
          </Text>
        )}
      </Table.Td>
      <Table.Td w={84}>
        <Progress
          value={field.coverage * 100}
          size="sm"
          aria-label={`In ${Math.round(field.coverage * 100)} percent of the events`}
        />
        <Text size="xs" c="dimmed">
          {(field.coverage * 100).toFixed(field.coverage > 0.995 || field.coverage < 0.1 ? 1 : 0)} %
        </Text>
      </Table.Td>
      <Table.Td ta="right">{field.distinct.toLocaleString()}</Table.Td>
      <Table.Td>
        <Text size="xs" lineClamp={2} className="path">
          {field.examples.map((example, index) => (
            <span key={example}>
              {index > 0 && ' · '}
              <AlertText text={example} limit={120} />
            </span>
          ))}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tooltip label={field.sentence} multiline maw={360}>
          <Badge color={advice.color} variant="light" className="whole">
            {advice.word}
          </Badge>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}
