import { Button, Collapse, Group, NumberInput, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyError } from '../../components/notify-undo.tsx';
import { DescriptionField, TitleField } from './job-fields.tsx';
import { type DraftLabel, LabelFields } from './label-fields.tsx';

const FIRST_LABELS: readonly DraftLabel[] = [
  { key: 0, name: 'Escalate', color: '#ef4444' },
  { key: 1, name: 'Drop', color: '#10b981' },
  { key: 2, name: 'Investigate', color: '#f59e0b' },
];

/** Title, where the alerts come from, labels. */
export function CreateJob({
  opened,
  close,
  made,
}: {
  readonly opened: boolean;
  readonly close: () => void;
  readonly made: (job: AppJob) => void;
}) {
  return (
    <Dialog opened={opened} onClose={close} title="Create use case" size="lg">
      {opened && <Form made={made} />}
    </Dialog>
  );
}

function Form({ made }: { readonly made: (job: AppJob) => void }) {
  const client = useQueryClient();
  const integrations = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations() });
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [input, setInput] = useState<string | null>(null);
  const source = useRef<HTMLInputElement>(null);
  /** Somebody wants it to run without an input. */
  const [alone, setAlone] = useState(false);
  const [labels, setLabels] = useState(FIRST_LABELS);
  const [advanced, setAdvanced] = useState(false);
  const [minutes, setMinutes] = useState<number | string>(10);
  const [retention, setRetention] = useState<number | string>('');
  const create = useMutation({
    async mutationFn(run: boolean) {
      const job = await api.createJob({
        title: title.trim(),
        description,
        labels: labels.map(({ name, color }) => ({ name: name.trim(), hex_color: color })),
        ...(input === null ? {} : { integrations: [{ integration_id: Number(input), role: 'input', enabled: true }] }),
        settings: {
          ...(typeof minutes === 'number' ? { minutes_per_alert: minutes } : {}),
          ...(typeof retention === 'number' ? { retention_days: retention } : {}),
        },
      });
      if (!run) return job;
      try {
        return await api.startJob(job.job_id);
      } catch (error) {
        // It is there: sent again it would be refused as there already.
        notifyError(error);
        return job;
      }
    },
    onSuccess: async (job) => {
      await client.invalidateQueries({ queryKey: keys.jobs });
      made(job);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setAlone(input === null);
        if (input === null) source.current?.focus();
        else create.mutate(true);
      }}
    >
      <Stack gap="sm">
        <TitleField value={title} onChange={setTitle} />
        <Select
          label="Input integration"
          description="The system whose alerts it takes. Several can be chosen later."
          placeholder={integrations.data?.length === 0 ? 'There is none yet' : 'Choose one'}
          data={(integrations.data ?? []).map((each) => ({
            value: String(each.integration_id),
            label: `${each.title} (${each.type})`,
          }))}
          ref={source}
          value={input}
          onChange={(to) => {
            setInput(to);
            setAlone(false);
          }}
          error={alone ? 'Nothing can run without one: choose it, or press Save and choose it later.' : undefined}
          clearable
          searchable
        />
        {integrations.data?.length === 0 && (
          <Text size="xs" c="dimmed">
            <Link to="/integrations">Connect an integration</Link> first, so that alerts have a way in.
          </Text>
        )}
        <LabelFields labels={labels} onChange={setLabels} fresh={(label) => label} />
        <Button variant="subtle" w="fit-content" onClick={() => setAdvanced(!advanced)} aria-expanded={advanced}>
          Advanced
        </Button>
        <Collapse expanded={advanced}>
          <Stack gap="sm">
            <DescriptionField value={description} onChange={setDescription} />
            <NumberInput
              label="Minutes an analyst spends on one alert"
              description="What time saved is counted with."
              min={0}
              max={1440}
              value={minutes}
              onChange={setMinutes}
            />
            <NumberInput
              label="Days that events are kept"
              description="Empty: for ever."
              min={1}
              max={36_500}
              value={retention}
              onChange={setRetention}
            />
          </Stack>
        </Collapse>
        {create.error && <ErrorPanel error={create.error} />}
        <Group justify="flex-end">
          <Button
            variant="default"
            disabled={title.trim() === ''}
            loading={create.isPending && create.variables === false}
            onClick={() => create.mutate(false)}
          >
            Save
          </Button>
          <Button type="submit" loading={create.isPending && create.variables === true}>
            Save and run
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
