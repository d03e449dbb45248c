import {
  ActionIcon,
  Button,
  Collapse,
  ColorInput,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';

interface DraftLabel {
  readonly key: number;
  readonly name: string;
  readonly color: string;
}

const FIRST_LABELS: readonly DraftLabel[] = [
  { key: 0, name: 'Escalate', color: '#ef4444' },
  { key: 1, name: 'Drop', color: '#10b981' },
  { key: 2, name: 'Investigate', color: '#f59e0b' },
];
const MORE_COLORS = ['#6366f1', '#0ea5e9', '#a855f7', '#64748b'];

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
    <Modal opened={opened} onClose={close} title="Create use case" size="lg">
      {opened && <Form made={made} />}
    </Modal>
  );
}

function Form({ made }: { readonly made: (job: AppJob) => void }) {
  const client = useQueryClient();
  const integrations = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations() });
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [input, setInput] = useState<string | null>(null);
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
      return run ? api.startJob(job.job_id) : job;
    },
    onSuccess: async (job) => {
      await client.invalidateQueries({ queryKey: keys.jobs });
      made(job);
    },
  });
  const change = (key: number, part: Partial<DraftLabel>) =>
    setLabels((all) => all.map((each) => (each.key === key ? { ...each, ...part } : each)));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(true);
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Title"
          required
          maxLength={200}
          data-autofocus
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          placeholder="Endpoint alerts"
        />
        <Select
          label="Input integration"
          description="The system whose alerts it takes. Several can be wired later."
          placeholder={integrations.data?.length === 0 ? 'There is none yet' : 'Choose one'}
          data={(integrations.data ?? []).map((each) => ({
            value: String(each.integration_id),
            label: `${each.title} (${each.type})`,
          }))}
          value={input}
          onChange={setInput}
          clearable
          searchable
        />
        {integrations.data?.length === 0 && (
          <Text size="xs" c="dimmed">
            <Link to="/integrations">Connect an integration</Link> first, so that alerts have a way in.
          </Text>
        )}
        <fieldset className="plain">
          <legend>Labels</legend>
          <Stack gap={6}>
            {labels.map((label) => (
              <Group key={label.key} gap={6} wrap="nowrap">
                <ColorInput
                  aria-label={`Colour of ${label.name}`}
                  w={112}
                  size="xs"
                  format="hex"
                  value={label.color}
                  onChange={(color) => change(label.key, { color })}
                />
                <TextInput
                  aria-label="Name of the label"
                  required
                  flex={1}
                  maxLength={100}
                  value={label.name}
                  onChange={(e) => change(label.key, { name: e.currentTarget.value })}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove ${label.name}`}
                  disabled={labels.length <= 2}
                  onClick={() => setLabels((all) => all.filter((each) => each.key !== label.key))}
                >
                  <IconTrash size={15} />
                </ActionIcon>
              </Group>
            ))}
            <Button
              variant="subtle"
              w="fit-content"
              leftSection={<IconPlus size={14} />}
              disabled={labels.length >= 20}
              onClick={() =>
                setLabels((all) => [
                  ...all,
                  {
                    key: Math.max(...all.map((each) => each.key)) + 1,
                    name: '',
                    color: MORE_COLORS[all.length % MORE_COLORS.length]!,
                  },
                ])
              }
            >
              Add a label
            </Button>
          </Stack>
        </fieldset>
        <Button variant="subtle" w="fit-content" onClick={() => setAdvanced(!advanced)} aria-expanded={advanced}>
          Advanced
        </Button>
        <Collapse expanded={advanced}>
          <Stack gap="sm">
            <Textarea
              label="Description"
              value={description}
              onChange={(e) => setDescription(e.currentTarget.value)}
              autosize
              minRows={2}
            />
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
