import {
  Button,
  CloseButton,
  Group,
  Menu,
  MultiSelect,
  Paper,
  Popover,
  SegmentedControl,
  Skeleton,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconColumns, IconDownload, IconRefresh, IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { useJob } from '../../app/job.ts';
import { type LiveChange, useLive } from '../../app/live.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LineChart } from '../../components/line-chart.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { EventPanel } from './event-panel.tsx';
import { type Condition, DEFAULT_COLUMNS, type ExplorerState, readState, writeState } from './explorer-query.ts';
import { exportEvents } from './export-events.ts';
import { Facets } from './facets.tsx';
import { FilterBar } from './filter-bar.tsx';
import { HitList } from './hit-list.tsx';
import { useCounts, useFields, useHits } from './use-explorer.ts';

const RANGES = [
  { value: '1h', label: 'Hour' },
  { value: '24h', label: 'Day' },
  { value: '7d', label: 'Week' },
  { value: '30d', label: 'Month' },
  { value: 'all', label: 'All' },
];
const OURS = ['arcanna.result_label', 'arcanna.consensus', 'arcanna.bucket_state'];
const COLOR = '#4c6ef5';

/** All events of a use case: found, counted, looked into. */
export function ExplorerPage() {
  const { jobId, job, error } = useJob();
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const state = useMemo(() => readState(search), [search]);
  const [asOf, setAsOf] = useState(() => Date.now());
  const [fresh, setFresh] = useState(false);
  const [exporting, setExporting] = useState('');
  useLive(
    jobId,
    useCallback((change: LiveChange) => change.kind === 'events' && setFresh(true), []),
  );
  const facetFields = useMemo(() => [...OURS, ...(job?.decision_points ?? []).slice(0, 5)], [job?.decision_points]);
  const hits = useHits(jobId, state, asOf);
  const counts = useCounts(jobId, state, facetFields, asOf);
  const fields = useFields(jobId);
  const set = useCallback(
    (part: Partial<ExplorerState>, replace = false) =>
      void navigate({
        to: '/jobs/$jobId/events',
        params: { jobId: String(jobId) },
        search: writeState({ ...state, ...part }),
        replace,
      }),
    [jobId, navigate, state],
  );
  const typeText = useDebouncedCallback((text: string) => set({ text }, true), 350);
  const addCondition = useCallback(
    (condition: Condition) => {
      const same = (each: Condition) =>
        each.field === condition.field && each.operator === condition.operator && each.value === condition.value;
      if (!state.conditions.some(same)) set({ conditions: [...state.conditions, condition] });
    },
    [set, state.conditions],
  );
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
  if (error) return <ErrorPanel error={error} />;
  const narrowed = state.conditions.length > 0 || state.text !== '' || state.range !== 'all';
  return (
    <>
      <PageHeader
        title="Event Explorer"
        about={
          hits.total === undefined
            ? ' '
            : `${hits.total.toLocaleString()} ${hits.total === 1 ? 'event' : 'events'}${narrowed ? ' fit' : ''}`
        }
      >
        <Button variant={fresh ? 'filled' : 'default'} leftSection={<IconRefresh size={15} />} onClick={refresh}>
          {fresh ? 'Show new events' : 'Refresh'}
        </Button>
        <Columns state={state} fields={fields} set={set} />
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<IconDownload size={15} />} loading={exporting !== ''}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void save('csv')}>CSV of the columns shown</Menu.Item>
            <Menu.Item onClick={() => void save('ndjson')}>NDJSON of whole events</Menu.Item>
          </Menu.Dropdown>
        </Menu>
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
          data={state.range === 'custom' ? [...RANGES, { value: 'custom', label: 'Chosen' }] : RANGES}
          value={state.range}
          onChange={(range) => set({ range, from: '', to: '' })}
        />
        <FilterBar jobId={jobId} conditions={state.conditions} fields={fields} onChange={(conditions) => set({ conditions })} />
      </Group>
      {counts.error && <ErrorPanel error={counts.error} retry={() => void counts.refetch()} />}
      <Paper withBorder px="xs" py={4} mb="xs" mih={96}>
        {counts.data && counts.data.times.length > 0 ? (
          <LineChart
            times={counts.data.times}
            series={[{ label: 'Events', color: COLOR, values: counts.data.counts }]}
            bars
            height={88}
            summary={`Events over time: ${counts.data.counts.reduce((a, b) => a + b, 0)} in ${counts.data.times.length} steps. Draw over a part to see only that.`}
            onSelect={(from, to) =>
              set({ range: 'custom', from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() })
            }
          />
        ) : counts.isPending ? (
          <Skeleton height={88} />
        ) : null}
      </Paper>
      <div className="explorer">
        <Facets facets={counts.data?.facets} labels={job?.labels ?? []} add={addCondition} />
        <div className="explorer-main">
          {hits.error && <ErrorPanel error={hits.error} retry={() => void hits.refetch()} />}
          {hits.isPending && <Skeleton height={400} />}
          {hits.data &&
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
          {hits.hits.length > 0 && (
            <HitList
              hits={hits.hits}
              job={job}
              state={state}
              more={() => {
                if (hits.hasNextPage && !hits.isFetchingNextPage) void hits.fetchNextPage();
              }}
              open={(event) => set({ event }, state.event !== '')}
              sort={(column) => set({ sort: column, descending: state.sort === column ? !state.descending : true })}
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
    </>
  );
}

function Columns({
  state,
  fields,
  set,
}: {
  readonly state: ExplorerState;
  readonly fields: readonly string[];
  readonly set: (part: Partial<ExplorerState>) => void;
}) {
  const all = [...new Set([...DEFAULT_COLUMNS, ...state.columns, ...fields])];
  return (
    <Popover width={360} position="bottom-end" withinPortal>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns size={15} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <MultiSelect
          label="Columns"
          description="In this order; they stay in the address of the page."
          data={all}
          value={[...state.columns]}
          onChange={(columns) => set({ columns: columns.length > 0 ? columns : DEFAULT_COLUMNS })}
          searchable
          limit={60}
          comboboxProps={{ withinPortal: false }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
