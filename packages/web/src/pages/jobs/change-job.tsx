import { Alert, Button, Collapse, Group, List, MultiSelect, NumberInput, Select, Skeleton, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyUndo } from '../../components/notify-undo.tsx';
import { DescriptionField, TitleField } from './job-fields.tsx';
import { differing, type EditedLabel, type JobParts, PART_WORDS, partsOf, stepsTo } from './job-parts.ts';
import { type DraftLabel, LabelFields } from './label-fields.tsx';

const AGENT_VOTES = [
  { value: 'confirm', label: 'when a person has confirmed them' },
  { value: 'count', label: 'by themselves, like those of people' },
];

/** Title, where the alerts come from, labels and what else a use case is set to. */
export function ChangeJob({
  jobId,
  opened,
  close,
}: {
  readonly jobId: number;
  readonly opened: boolean;
  readonly close: () => void;
}) {
  return (
    <Dialog opened={opened} onClose={close} title="Change the use case" size="lg">
      {opened && <Asked jobId={jobId} close={close} />}
    </Dialog>
  );
}

/** The form begins with what the service has, not with what this page remembers. */
function Asked({ jobId, close }: { readonly jobId: number; readonly close: () => void }) {
  const job = useQuery({ queryKey: keys.of(jobId, 'changing'), queryFn: () => api.job(jobId), gcTime: 0, meta: { live: false } });
  if (job.error) return <ErrorPanel error={job.error} retry={() => void job.refetch()} />;
  return job.data ? <Form job={job.data} close={close} /> : <Skeleton height={420} />;
}

function Form({ job: first, close }: { readonly job: AppJob; readonly close: () => void }) {
  const client = useQueryClient();
  const integrations = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations() });
  /** The use case that the fields began with; what differs from it is what this person changed. */
  const [begun, setBegun] = useState(first);
  const [parts, setParts] = useState(() => partsOf(first));
  const [labels, setLabels] = useState<readonly (DraftLabel & EditedLabel)[]>(() => drafts(partsOf(first)));
  const [advanced, setAdvanced] = useState(false);
  const [theirs, setTheirs] = useState<AppJob | null>(null);
  // In a form with many labels it would lie below what is seen.
  const seen = (alert: HTMLDivElement | null) => alert?.scrollIntoView({ block: 'nearest' });
  const set = (part: Partial<JobParts>) => setParts((all) => ({ ...all, ...part }));
  const wish = wishOf(parts, labels);
  const mine = differing(partsOf(begun), wish);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: keys.jobs });
    await client.invalidateQueries({ queryKey: keys.job(first.job_id) });
  };
  const save = useMutation({
    async mutationFn({ over }: { over: AppJob | null }) {
      const now = over ?? (await api.job(first.job_id));
      // What somebody else changed meanwhile is kept where this person left it alone, and told of where both changed the same.
      if (over === null && clashes(begun, now, wish).length > 0) return { clash: now };
      const target = { ...partsOf(now), ...Object.fromEntries(mine.map((part) => [part, wish[part]])) } as JobParts;
      return { before: now, after: await apply(now, target) };
    },
    async onSuccess(done) {
      if (done.clash) return setTheirs(done.clash);
      close();
      await refresh();
      const { before, after } = done;
      notifyUndo(`“${after.title}” is changed.`, async () => {
        await apply(after, partsOf(before));
        await refresh();
      });
    },
    // Names of labels that were taken are not asked for again.
    onError: async () => setBegun(await api.job(first.job_id)),
  });
  const take = (job: AppJob) => {
    const both = clashes(begun, job, wish);
    const now = partsOf(job);
    set(Object.fromEntries(both.map((part) => [part, now[part]])));
    if (both.includes('labels')) setLabels(drafts(now));
    setBegun(job);
    setTheirs(null);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (mine.length === 0) close();
        else save.mutate({ over: null });
      }}
    >
      <Stack gap="sm">
        <TitleField value={parts.title} onChange={(title) => set({ title })} />
        <DescriptionField value={parts.description} onChange={(description) => set({ description })} />
        <MultiSelect
          label="Input integrations"
          description="The systems whose alerts it takes."
          placeholder={parts.inputs.length === 0 ? 'None: it cannot be started' : ''}
          data={(integrations.data ?? []).map((each) => ({
            value: String(each.integration_id),
            label: `${each.title} (${each.type})`,
          }))}
          value={parts.inputs.map(String)}
          onChange={(inputs) => set({ inputs: inputs.map(Number) })}
          searchable
        />
        <LabelFields labels={labels} onChange={setLabels} fresh={(label) => ({ ...label, classId: null })} />
        <Text size="xs" c="dimmed">
          A new name keeps what was labelled with the old one. A label that is removed is offered no more; feedback and models
          keep it, and its name brings it back.
        </Text>
        <Button variant="subtle" w="fit-content" onClick={() => setAdvanced(!advanced)} aria-expanded={advanced}>
          Advanced
        </Button>
        <Collapse expanded={advanced}>
          <Stack gap="sm">
            <Select
              label="Votes of agents count"
              data={AGENT_VOTES}
              value={parts.agentVotes}
              allowDeselect={false}
              onChange={(value) => value !== null && set({ agentVotes: value as JobParts['agentVotes'] })}
            />
            <Percent
              label="Outliers"
              description="How many of a hundred ordinary events may be called outliers, from the next training on."
              min={0}
              max={50}
              share={parts.outlierRate}
              onChange={(outlierRate) => set({ outlierRate })}
            />
            <Percent
              label="Audits of the guard"
              description="How many of a hundred events are drawn to be labelled blind, once a guard is open."
              min={0.1}
              max={100}
              share={parts.auditRate}
              onChange={(auditRate) => set({ auditRate })}
            />
            <MultiSelect
              label="Protected decision points"
              description="An event with a value there that was never seen before always goes to a person."
              data={[...new Set([...first.decision_points, ...parts.protectedPoints])]}
              value={[...parts.protectedPoints]}
              onChange={(protectedPoints) => set({ protectedPoints })}
              placeholder={first.decision_points.length === 0 ? 'Choose decision points first' : ''}
              searchable
            />
          </Stack>
        </Collapse>
        {theirs && (
          <Alert
            ref={seen}
            color="yellow"
            icon={<IconUsers size={18} />}
            title="Somebody else changed the same meanwhile"
            role="alert"
          >
            <List size="sm" mb="xs">
              {clashes(begun, theirs, wish).map((part) => (
                <List.Item key={part}>
                  {PART_WORDS[part]}: now <AlertText text={inWords(partsOf(theirs), part)} limit={200} />
                </List.Item>
              ))}
            </List>
            <Group gap="xs">
              <Button variant="default" onClick={() => take(theirs)}>
                Take theirs
              </Button>
              <Button loading={save.isPending} onClick={() => save.mutate({ over: theirs })}>
                Save mine over it
              </Button>
            </Group>
          </Alert>
        )}
        {save.error && <ErrorPanel error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={theirs !== null}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A share as a percentage. */
function Percent({
  share,
  onChange,
  ...field
}: {
  readonly label: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  readonly share: number;
  readonly onChange: (share: number) => void;
}) {
  return (
    <NumberInput
      {...field}
      suffix=" %"
      step={0.5}
      decimalScale={2}
      value={Math.round(share * 10_000) / 100}
      onChange={(value) => typeof value === 'number' && onChange(value / 100)}
    />
  );
}

/** The parts that this person and somebody else changed, each to something else. */
function clashes(begun: AppJob, now: AppJob, wish: JobParts): (keyof JobParts)[] {
  const [before, theirs] = [partsOf(begun), partsOf(now)];
  const mine = new Set(differing(before, wish));
  const other = new Set(differing(theirs, wish));
  return differing(before, theirs).filter((part) => mine.has(part) && other.has(part));
}

/** @returns the use case as it is then. */
async function apply(job: AppJob, wish: JobParts): Promise<AppJob> {
  const { renames, change } = stepsTo(job, wish);
  let now = job;
  for (const { classId, name } of renames) now = await api.renameLabel(job.job_id, classId, name);
  return change === null ? now : api.changeJob(job.job_id, change);
}

function drafts({ labels }: JobParts): (DraftLabel & EditedLabel)[] {
  return labels.map((label, key) => ({ ...label, key }));
}

/** What the fields say, without what typing leaves at the ends. */
function wishOf(parts: JobParts, labels: readonly EditedLabel[]): JobParts {
  return {
    ...parts,
    title: parts.title.trim(),
    labels: labels.map(({ classId, name, color }) => ({ classId, name: name.trim(), color: color.toLowerCase() })),
  };
}

function inWords(parts: JobParts, part: keyof JobParts): string {
  switch (part) {
    case 'labels':
      return parts.labels.map(({ name }) => name).join(', ');
    case 'inputs':
      return parts.inputs.length === 1 ? 'one' : String(parts.inputs.length);
    case 'outlierRate':
    case 'auditRate':
      return `${Math.round(parts[part] * 10_000) / 100} %`;
    case 'agentVotes':
      return AGENT_VOTES.find(({ value }) => value === parts.agentVotes)?.label ?? parts.agentVotes;
    case 'protectedPoints':
      return parts.protectedPoints.join(', ') || 'none';
    default:
      return parts[part] || 'empty';
  }
}
