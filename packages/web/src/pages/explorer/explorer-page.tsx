import { Button, CloseButton, Group, Kbd, Menu, Paper, SegmentedControl, Skeleton, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconDownload, IconKeyboard, IconRefresh, IconSearch, IconTags } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useJob } from '../../app/job.ts';
import { type LiveChange, useLive } from '../../app/live.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { JobFailed } from '../../components/job-failed.tsx';
import { KeysDialog } from '../../components/keys-dialog.tsx';
import { LineChart } from '../../components/line-chart.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { LabelByFilter } from '../feedback/label-by-filter.tsx';
import { useShortcuts } from '../feedback/use-shortcuts.ts';
import { BucketList } from './bucket-list.tsx';
import { ColumnsMenu } from './columns-menu.tsx';
import { EventPanel, eventQuery } from './event-panel.tsx';
import { type Condition, type ExplorerState, readState, writeState } from './explorer-query.ts';
import { exportEvents } from './export-events.tsx';
import { Facets } from './facets.tsx';
import { FilterBar } from './filter-bar.tsx';
import { HitList } from './hit-list.tsx';
import { openedAsOf, rememberColumns, withColumns } from './hits-query.ts';
import { TimeRange } from './time-range.tsx';
import { useCounts, useFields, useHits } from './use-explorer.ts';
import { useViews, ViewsMenu } from './views-menu.tsx';

const RANGES = [
  { value: '1h', label: 'Hour' },
  { value: '24h', label: 'Day' },
  { value: '7d', label: 'Week' },
  { value: '30d', label: 'Month' },
  { value: 'all', label: 'All' },
];
const KEYS = [
  ['↓ J', 'the next event'],
  ['↑ K', 'the event before'],
  ['Enter', 'open it'],
  ['Esc', 'close it'],
  ['← →', 'a value of the row'],
  ['+', 'only events with that value'],
  ['-', 'all but those'],
  ['C', 'copy the value'],
  ['1 2 3 …', 'label the open event'],
  ['?', 'these keys'],
] as const;
const OURS = ['arcanna.result_label', 'arcanna.consensus', 'arcanna.bucket_state'];
const COLOR = '#4c6ef5';
const NO_LABELS: AppJob['labels'] = [];

/** All events of a use case: found, counted, looked into. */
export function ExplorerPage() {
  const { jobId, job, error } = useJob();
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const client = useQueryClient();
  const state = useMemo(() => withColumns(jobId, readState(search), search), [jobId, search]);
  const views = useViews(jobId);
  const [labelling, setLabelling] = useState(false);
  const bare = Object.keys(search).length === 0;
  const first = views.data?.views.find((view) => view.view_id === views.data?.default_view_id);
  const [opened, setOpened] = useState(!bare);
  const [asOf, setAsOf] = useState(() => openedAsOf(jobId));
  const [fresh, setFresh] = useState(false);
  const [exporting, setExporting] = useState('');
  const [help, setHelp] = useState(false);
  useShortcuts({ '?': () => setHelp(true) });
  useLive(
    jobId,
    useCallback((change: LiveChange) => change.kind === 'events' && setFresh(true), []),
  );
  const points = job?.decision_points;
  // Counted once the decision points are known, and not before it without them.
  const facetFields = useMemo(() => (points === undefined ? undefined : [...OURS, ...points.slice(0, 5)]), [points]);
  const hits = useHits(jobId, state, asOf, state.group === 'none');
  // The list goes first: counting at the same time would make both slow.
  const counts = useCounts(jobId, state, facetFields, asOf, !hits.isLoading);
  const values = counts.data?.counts;
  const bars = useMemo(() => [{ label: 'Events', color: COLOR, values: values ?? [] }], [values]);
  const fields = useFields(jobId, !hits.isLoading);
  const go = useCallback(
    (to: Record<string, unknown>, replace: boolean) =>
      void navigate({ to: '/jobs/$jobId/events', params: { jobId: String(jobId) }, search: to, replace }),
    [jobId, navigate],
  );
  const set = useCallback(
    (part: Partial<ExplorerState>, replace = false) => go(writeState({ ...state, ...part }), replace),
    [go, state],
  );
  const apply = useCallback((text: string, replace = false) => go(parseView(text), replace), [go]);
  // The page opens with the person's own view, once, and only where the address asks for nothing else.
  useEffect(() => {
    if (opened || views.data === undefined) return;
    setOpened(true);
    if (first) apply(first.search, true);
  }, [opened, views.data, first, apply]);
  // Each is a step of how the page looks and none of where the person is, so that Back leads to the page before.
  const show = (part: Partial<ExplorerState>) => {
    const next = { ...state, ...part };
    rememberColumns(jobId, next);
    go(withItsColumns(next), true);
  };
  const typeText = useDebouncedCallback((text: string) => set({ text }, true), 350);
  const add = useRef<(condition: Condition) => void>(() => {});
  add.current = (condition) => {
    const same = (each: Condition) =>
      each.field === condition.field && each.operator === condition.operator && each.value === condition.value;
    if (!state.conditions.some(same)) set({ conditions: [...state.conditions, condition] });
  };
  // The same function whatever the page shows, so that what is handed it need not be drawn again.
  const addCondition = useCallback((condition: Condition) => add.current(condition), []);
  const openEvent = (event: string) => {
    // Asked for at once, and not when the page has been drawn with its panel.
    if (event !== '') void client.prefetchQuery({ ...eventQuery(jobId, event), staleTime: 10_000 });
    set({ event }, state.event !== '');
  };
  const refresh = () => {
    setFresh(false);
    setAsOf(Date.now());
  };
  const save = async (kind: 'csv' | 'ndjson') => {
    setExporting(kind);
    try {
      await exportEvents(jobId, state, asOf, kind);
    } finally {
      setExporting('');
    }
  };
  if (error) return <JobFailed error={error} />;
  const total = hits.total ?? counts.data?.total;
  const narrowed = state.conditions.length > 0 || state.text !== '' || state.range !== 'all';
  return (
    <>
      <PageHeader
        title="Event Explorer"
        about={
          total === undefined ? ' ' : `${total.toLocaleString()} ${total === 1 ? 'event' : 'events'}${narrowed ? ' fit' : ''}`
        }
      >
        <Button variant={fresh ? 'filled' : 'default'} leftSection={<IconRefresh size={15} />} onClick={refresh}>
          {fresh ? 'Show new events' : 'Refresh'}
        </Button>
        <Button
          variant="default"
          leftSection={<IconTags size={15} />}
          disabled={job === undefined}
          onClick={() => setLabelling(true)}
        >
          Label all
        </Button>
        <ViewsMenu jobId={jobId} current={viewOf(state)} apply={apply} />
        <ColumnsMenu state={state} fields={fields} set={show} />
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<IconDownload size={15} />} loading={exporting !== ''}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>All {total?.toLocaleString() ?? ''} events that fit</Menu.Label>
            <Menu.Item onClick={() => void save('csv')}>CSV of the columns shown</Menu.Item>
            <Menu.Item onClick={() => void save('ndjson')}>NDJSON of whole events</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Button variant="default" leftSection={<IconKeyboard size={15} />} onClick={() => setHelp(true)}>
          Keys <Kbd ml={6}>?</Kbd>
        </Button>
      </PageHeader>
      <Group gap="xs" mb="xs" align="flex-start">
        <TextInput
          key={state.text}
          aria-label="Words in the event"
          placeholder="Words in the event"
          leftSection={<IconSearch size={14} />}
          defaultValue={state.text}
          onChange={(e) => typeText(e.currentTarget.value)}
          rightSection={
            state.text !== '' && <CloseButton size="xs" aria-label="Clear the words" onClick={() => set({ text: '' })} />
          }
          w={260}
        />
        <SegmentedControl
          aria-label="Time"
          size="xs"
          data={RANGES}
          value={state.range}
          onChange={(range) => set({ range, from: '', to: '' })}
        />
        <TimeRange from={state.from} to={state.to} set={(from, to) => set({ range: 'custom', from, to })} />
        <SegmentedControl
          aria-label="Group"
          size="xs"
          data={[
            { value: 'none', label: 'Events' },
            { value: 'bucket', label: 'Buckets' },
          ]}
          value={state.group}
          onChange={(group) => set({ group: group === 'bucket' ? 'bucket' : 'none' })}
        />
        <FilterBar jobId={jobId} conditions={state.conditions} fields={fields} onChange={(conditions) => set({ conditions })} />
      </Group>
      {counts.error && <ErrorPanel error={counts.error} retry={() => void counts.refetch()} />}
      <Paper withBorder px="xs" py={4} mb="xs" mih={112}>
        {counts.data && counts.data.times.length > 0 ? (
          <LineChart
            times={counts.data.times}
            series={bars}
            bars
            height={104}
            summary={`Events over time: ${counts.data.total} in ${counts.data.times.length} steps. Draw over a part to see only that.`}
            onSelect={(from, to) =>
              set({ range: 'custom', from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() })
            }
          />
        ) : counts.isPending ? (
          <Skeleton height={104} />
        ) : null}
      </Paper>
      <div className="explorer">
        <Facets counts={counts.data} labels={job?.labels ?? NO_LABELS} add={addCondition} />
        <div className="explorer-main">
          {state.group === 'bucket' && job && (
            <BucketList
              job={job}
              state={state}
              asOf={asOf}
              open={(id) =>
                set({
                  group: 'none',
                  conditions: [
                    ...state.conditions.filter(({ field }) => field !== 'arcanna.bucket_id'),
                    { field: 'arcanna.bucket_id', operator: 'is', value: String(id) },
                  ],
                })
              }
            />
          )}
          {hits.error && <ErrorPanel error={hits.error} retry={() => void hits.refetch()} />}
          {hits.isLoading && <Skeleton height={400} />}
          {state.group === 'none' &&
            hits.data &&
            hits.hits.length === 0 &&
            (narrowed ? (
              <EmptyState
                title="No event fits"
                action={<Button onClick={() => set({ conditions: [], text: '', range: 'all' })}>Clear all filters</Button>}
              />
            ) : (
              <EmptyState title="No alert has come in yet">
                Send one with the key of an integration that this use case takes its alerts from.
              </EmptyState>
            ))}
          {state.group === 'none' && hits.hits.length > 0 && (
            <HitList
              hits={hits.hits}
              job={job}
              state={state}
              more={() => {
                if (hits.hasNextPage && !hits.isFetchingNextPage) void hits.fetchNextPage();
              }}
              open={openEvent}
              sort={(column) => set({ sort: column, descending: state.sort === column ? !state.descending : true })}
              resize={(widths) => show({ widths })}
              add={addCondition}
            />
          )}
        </div>
        {state.event !== '' && (
          <Paper withBorder className="explorer-panel" component="aside" aria-label="Event">
            <Group justify="flex-end" mb={-8}>
              <Text size="xs" c="dimmed">
                Esc closes
              </Text>
              <CloseButton aria-label="Close the event" onClick={() => set({ event: '' }, true)} />
            </Group>
            <EventPanel jobId={jobId} eventId={state.event} addCondition={addCondition} />
          </Paper>
        )}
      </div>
      {job && <LabelByFilter job={job} start={state} opened={labelling} close={() => setLabelling(false)} />}
      <KeysDialog keys={KEYS} opened={help} close={() => setHelp(false)} />
    </>
  );
}

/** What a view keeps: everything but the event that is looked at. */
function viewOf(state: ExplorerState): string {
  return JSON.stringify(writeState({ ...state, event: '' }));
}

function parseView(text: string): Record<string, unknown> {
  try {
    return withItsColumns(readState(JSON.parse(text) as Record<string, unknown>));
  } catch {
    return {};
  }
}

/** An address that names its columns even where they are the usual ones: else those that the browser keeps would go before. */
function withItsColumns(state: ExplorerState): Record<string, unknown> {
  return { ...writeState(state), columns: state.columns };
}
