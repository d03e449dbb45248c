import { Alert, Button, Checkbox, Group, Progress, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { AppBucketsFound, AppJob } from '@verdict/client/browser';
import { useMemo, useState } from 'react';
import { api, keys, verdict } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { type Dsl, type ExplorerState, inWords, queryOf } from '../explorer/explorer-query.ts';
import { titleOf } from '../explorer/field-titles.ts';
import { FilterBar } from '../explorer/filter-bar.tsx';
import { useFields } from '../explorer/use-explorer.ts';
import { LabelButtons } from './label-buttons.tsx';
import { useLabelling } from './use-labelling.ts';

type Bucket = AppBucketsFound['buckets'][number];

/** Most buckets that one filter may label: more than anybody can answer for at once. */
const MOST = 5_000;
const LOOK_UP = 500;

/** Labels every bucket that a filter finds events of, after saying what that comes to. */
export function LabelByFilter({
  job,
  start,
  opened,
  close,
}: {
  readonly job: AppJob;
  readonly start: ExplorerState;
  readonly opened: boolean;
  readonly close: () => void;
}) {
  return (
    <Dialog opened={opened} onClose={close} title="Label everything that matches" size="lg">
      {opened && <Form job={job} start={start} close={close} />}
    </Dialog>
  );
}

function Form({ job, start, close }: { readonly job: AppJob; readonly start: ExplorerState; readonly close: () => void }) {
  const may = useCan('vote');
  const fields = useFields(job.job_id);
  const [conditions, setConditions] = useState(start.conditions);
  const [text, setText] = useState(start.text);
  const [fresh, setFresh] = useState(true);
  const [label, setLabel] = useState<string>();
  const [done, setDone] = useState<number>();
  const [asOf] = useState(() => Date.now());
  const [words] = useDebouncedValue(text, 300);
  const state = useMemo(() => ({ ...start, conditions, text: words }), [start, conditions, words]);
  const preview = usePreview(job.job_id, state, asOf);
  const { label: send } = useLabelling(job);
  const found = preview.data;
  const chosen = found?.buckets.filter((bucket) => !fresh || bucket.consensus === null) ?? [];
  const events = chosen.reduce((sum, bucket) => sum + bucket.events, 0);
  const other =
    label === undefined ? 0 : chosen.filter(({ consensus }) => consensus !== null && consensus.label !== label).length;
  const blind = chosen.filter((bucket) => bucket.blind).length;
  const narrowed = conditions.length > 0 || words.trim() !== '' || start.range !== 'all';
  const run = async () => {
    if (label === undefined) return;
    setDone(0);
    await send(
      chosen.flatMap((bucket) =>
        bucket.example_event_id === null ? [] : [{ key: `bucket ${bucket.bucket_id}`, eventId: bucket.example_event_id }],
      ),
      label,
      `Labelled by filter: ${inWords(state, titleOf)}`.slice(0, 1_000),
      setDone,
    );
    close();
  };
  return (
    <Stack gap="sm">
      <Group gap="xs" align="flex-start">
        <TextInput
          aria-label="Words in the events"
          placeholder="Words in the event"
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          w={220}
        />
        <FilterBar jobId={job.job_id} conditions={conditions} fields={fields} onChange={setConditions} />
      </Group>
      {preview.error && <ErrorPanel error={preview.error} retry={() => void preview.refetch()} />}
      {!found && !preview.error && <Skeleton height={72} />}
      {found && (
        <div aria-live="polite">
          <Text size="sm">
            <b>{found.matching.toLocaleString()}</b> events match, in <b>{found.total.toLocaleString()}</b> buckets
            {narrowed ? '' : ' (nothing is filtered)'}.
          </Text>
          <Text size="sm">
            A label goes to <b>{chosen.length.toLocaleString()}</b> buckets and counts for all <b>{events.toLocaleString()}</b>{' '}
            events in them, also those that do not match.
          </Text>
          {found.loose > 0 && (
            <Text size="sm" c="dimmed">
              {found.loose.toLocaleString()} events are in no bucket (no decision points yet) and are left out.
            </Text>
          )}
          {other > 0 && (
            <Text size="sm" className="warning">
              {other.toLocaleString()} of the buckets have another label by now. Yours is one more vote there; it replaces
              nobody's.
            </Text>
          )}
          {blind > 0 && (
            <Text size="sm" c="dimmed">
              {blind.toLocaleString()} of them are drawn for an audit; a label here does not answer it.
            </Text>
          )}
        </div>
      )}
      {found?.tooMany && (
        <Alert color="yellow" variant="light">
          More than {MOST.toLocaleString()} buckets match. Narrow the filter: nobody can answer for that many at once.
        </Alert>
      )}
      <Checkbox
        label="Only buckets that nobody has labelled"
        checked={fresh}
        onChange={(e) => setFresh(e.currentTarget.checked)}
      />
      <LabelButtons
        job={job}
        chosen={label}
        suggested={null}
        choose={setLabel}
        disabled={!may || done !== undefined}
        keys={false}
      />
      {done !== undefined && (
        <Progress value={(done / Math.max(1, chosen.length)) * 100} size="sm" aria-label="Labelled so far" />
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button
          disabled={!may || label === undefined || chosen.length === 0 || found?.tooMany === true}
          loading={done !== undefined}
          onClick={() => void run()}
        >
          {label === undefined
            ? 'Choose a label'
            : `Label ${chosen.length.toLocaleString()} ${chosen.length === 1 ? 'bucket' : 'buckets'} ${label}`}
        </Button>
      </Group>
    </Stack>
  );
}

interface Preview {
  readonly matching: number;
  readonly total: number;
  /** Events that match and are in no bucket. */
  readonly loose: number;
  readonly tooMany: boolean;
  readonly buckets: readonly Bucket[];
}

function usePreview(jobId: number, state: ExplorerState, asOf: number) {
  const query: Dsl = queryOf(state, asOf);
  return useQuery({
    queryKey: keys.of(jobId, 'label-preview', query),
    placeholderData: (before) => before,
    staleTime: 0,
    meta: { live: false },
    async queryFn(): Promise<Preview> {
      const { ids, matching, inBuckets } = await bucketsOf(jobId, query, MOST + 1);
      const tooMany = ids.length > MOST;
      const buckets: Bucket[] = [];
      for (let from = 0; !tooMany && from < ids.length; from += LOOK_UP)
        buckets.push(...(await api.findBuckets(jobId, { bucket_ids: ids.slice(from, from + LOOK_UP) })).buckets);
      return { matching, total: ids.length, loose: matching - inBuckets, tooMany, buckets };
    },
  });
}

/** The buckets that the events found are in, those with most of them first, and how many each has. */
export async function bucketsOf(jobId: number, query: Dsl, most: number) {
  const answer = await verdict.v2.elastic({
    job_ids: [jobId],
    query_body: { query, size: 0, aggs: { b: { terms: { field: 'arcanna.bucket_id', size: most } } } },
  });
  const { buckets, sum_other_doc_count: more } = (
    answer.aggregations as { b: { buckets: { key: string | number; doc_count: number }[]; sum_other_doc_count: number } }
  ).b;
  const counts = new Map(buckets.map(({ key, doc_count: count }) => [Number(key), count]));
  const inBuckets = buckets.reduce((sum, { doc_count: count }) => sum + count, more);
  return { ids: [...counts.keys()], counts, matching: answer.hits.total.value, inBuckets };
}
