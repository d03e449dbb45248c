import { Anchor, Badge, Button, Group, Paper, Select, SimpleGrid, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { AppJob, AppModel } from '@verdict/client/browser';
import { type ReactNode, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { JobFailed } from '../../components/job-failed.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Reliability } from '../../components/reliability.tsx';
import { Time } from '../../components/time.tsx';
import { Confusion } from './confusion.tsx';
import { Influence } from './influence.tsx';
import { LearningCurve } from './learning-curve.tsx';
import { Missed } from './missed.tsx';
import { ShadowPanel } from './shadow-report.tsx';

const FIGURES: readonly {
  readonly name: string;
  readonly of: (model: AppModel) => number;
  readonly percent: boolean;
  readonly better: 'more' | 'less';
}[] = [
  { name: 'Accuracy', of: ({ metrics }) => metrics.accuracy, percent: true, better: 'more' },
  { name: 'Macro F1', of: ({ metrics }) => metrics.macro_f1, percent: false, better: 'more' },
  { name: 'Log-loss', of: ({ metrics }) => metrics.log_loss, percent: false, better: 'less' },
  { name: 'Brier score', of: ({ metrics }) => metrics.brier, percent: false, better: 'less' },
  { name: 'Calibration error', of: ({ metrics }) => metrics.ece, percent: true, better: 'less' },
  { name: 'Decided at ≥ 95 % right', of: ({ metrics }) => metrics.share_at_95, percent: true, better: 'more' },
];

/** With more missed escalations in the list than these, the left column is the longer one without the card that either may have. */
const LONG = 7;

/** All models of a use case, one of them in detail, beside another. */
export function ModelsPage() {
  const { jobId, job, error } = useJob();
  const search = useSearch({ strict: false }) as { model?: number; beside?: number };
  const navigate = useNavigate();
  const models = useQuery({ queryKey: keys.of(jobId, 'models'), queryFn: () => api.models(jobId) });
  useLive(jobId);
  const go = (part: { model?: number; beside?: number }) =>
    void navigate({ to: '/jobs/$jobId/models', params: { jobId: String(jobId) }, search: { ...search, ...part } });
  const failed = error ?? models.error;
  if (failed) return <JobFailed error={failed} />;
  if (job === undefined || models.data === undefined) return <Skeleton height={400} />;
  const chosen =
    models.data.find((model) => model.model_id === Number(search.model)) ??
    models.data.find((model) => model.active) ??
    models.data[0];
  if (chosen === undefined) {
    return (
      <>
        <PageHeader title="Models" />
        <EmptyState title="No model yet">
          Choose decision points, label some buckets, and press Train now in the{' '}
          <Link to="/jobs/$jobId" params={{ jobId: String(jobId) }}>
            overview
          </Link>
          .
        </EmptyState>
      </>
    );
  }
  const beside = models.data.find((model) => model.model_id === Number(search.beside) && model !== chosen);
  const long = (chosen.comparison?.missed.length ?? 0) > LONG;
  const confidence = (
    <Part title="Is its confidence right?">
      <Reliability bins={chosen.metrics.reliability} ece={chosen.metrics.ece} />
    </Part>
  );
  return (
    <>
      <PageHeader
        title="Models"
        about="Figures are from labelled buckets that a model was not fitted to when it was judged on them."
      />
      <Paper withBorder mb="md">
        <Table.ScrollContainer minWidth={760} mah={280}>
          <Table highlightOnHover stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Model</Table.Th>
                <Table.Th>Trained</Table.Th>
                <Table.Th ta="right">Buckets</Table.Th>
                <Table.Th ta="right">Accuracy</Table.Th>
                <Table.Th ta="right">Log-loss</Table.Th>
                <Table.Th>What came of it</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {models.data.map((model) => (
                <Table.Tr key={model.model_id} {...(model === chosen ? { bg: 'var(--mantine-color-default-hover)' } : {})}>
                  <Table.Td>
                    <Anchor component="button" type="button" onClick={() => go({ model: model.model_id })}>
                      Model {model.model_id}
                    </Anchor>{' '}
                    {model.active && (
                      <Badge color="teal" variant="light">
                        active
                      </Badge>
                    )}
                    {job.shadow_model_id === model.model_id && (
                      <Badge color="indigo" variant="light">
                        shadow
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Time at={model.created_at} relative />
                  </Table.Td>
                  <Table.Td ta="right">{model.units.toLocaleString()}</Table.Td>
                  <Table.Td ta="right">{(model.metrics.accuracy * 100).toFixed(1)} %</Table.Td>
                  <Table.Td ta="right">{model.metrics.log_loss.toFixed(3)}</Table.Td>
                  <Table.Td maw={320}>
                    <Text size="xs" lineClamp={2} title={model.message}>
                      {model.message}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Act job={job} model={model} active={models.data.find((each) => each.active)} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
      <ShadowPanel job={job} />
      <Group justify="space-between" mb="xs">
        <Title order={2}>Model {chosen.model_id}</Title>
        <Select
          aria-label="Beside which model"
          placeholder="Put beside another model"
          data={models.data
            .filter((model) => model !== chosen)
            .map((model) => ({ value: String(model.model_id), label: `Model ${model.model_id}` }))}
          value={beside ? String(beside.model_id) : null}
          onChange={(id) => go(id === null ? { beside: 0 } : { beside: Number(id) })}
          disabled={models.data.length < 2}
          w={220}
          clearable
        />
      </Group>
      {/* Two columns of their own, so that a short card leaves no hole beside a long one. */}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" mb="md">
        <Stack gap="md" miw={0}>
          <Part title="Missed escalations">
            <Missed model={chosen} job={job} />
          </Part>
          <Part title="What people said and what it said">
            <Confusion model={chosen} job={job} />
          </Part>
          {!long && confidence}
        </Stack>
        <Stack gap="md" miw={0}>
          <Part title="Figures">
            <Figures model={chosen} beside={beside} />
          </Part>
          <Part title="What its decisions hang on">
            <Influence jobId={jobId} modelId={chosen.model_id} />
          </Part>
          {long && confidence}
        </Stack>
      </SimpleGrid>
      <Part title="Better with more labels?">
        <LearningCurve key={chosen.model_id} jobId={jobId} modelId={chosen.model_id} />
      </Part>
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="sm">
      <Title order={3} mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Figures({ model, beside }: { readonly model: AppModel; readonly beside: AppModel | undefined }) {
  const show = (value: number, percent: boolean) => (percent ? `${(value * 100).toFixed(1)} %` : value.toFixed(3));
  return (
    <Stack gap="xs">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Figure</Table.Th>
            <Table.Th ta="right">Model {model.model_id}</Table.Th>
            {beside && <Table.Th ta="right">Model {beside.model_id}</Table.Th>}
            {beside && <Table.Th ta="right">Difference</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {FIGURES.map(({ name, of, percent, better }) => {
            const here = of(model);
            const there = beside === undefined ? here : of(beside);
            const ahead = better === 'more' ? here > there : here < there;
            return (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right" {...(beside && ahead ? { fw: 700 } : {})}>
                  {show(here, percent)}
                </Table.Td>
                {beside && (
                  <Table.Td ta="right" {...(!ahead && here !== there ? { fw: 700 } : {})}>
                    {show(there, percent)}
                  </Table.Td>
                )}
                {beside && (
                  <Table.Td ta="right" c="dimmed">
                    {here === there
                      ? 'the same'
                      : `${here > there ? '+' : '−'}${show(Math.abs(here - there), percent)}, ${ahead ? 'better' : 'worse'}`}
                  </Table.Td>
                )}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        From {model.metrics.rows.toLocaleString()} labelled buckets. Decision points: {model.decision_points.join(', ')}
      </Text>
      {model.comparison && <Text size="sm">{model.comparison.sentence}</Text>}
      {model.set_aside.map((source) => (
        <Text size="sm" key={source.name}>
          Votes of {source.name} were set aside: {source.agreed} of {source.votes} agree with what others say of like alerts,{' '}
          {source.expected.toFixed(1)} would be expected to.
        </Text>
      ))}
    </Stack>
  );
}

function Act({ job, model, active }: { readonly job: AppJob; readonly model: AppModel; readonly active: AppModel | undefined }) {
  const client = useQueryClient();
  const may = useCan('activate');
  const [asking, setAsking] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: keys.job(job.job_id) });
  const activate = useMutation({
    mutationFn: () => api.activateModel(job.job_id, model.model_id),
    onSuccess: async () => {
      setAsking(false);
      await refresh();
      notifyUndo(`Model ${model.model_id} decides from now on.`, async () => {
        if (active) await api.activateModel(job.job_id, active.model_id);
        await refresh();
      });
    },
    onError: notifyError,
  });
  const shadowed = job.shadow_model_id === model.model_id;
  const shadow = useMutation({
    mutationFn: async () => {
      if (shadowed) await api.endShadow(job.job_id);
      else await api.setShadow(job.job_id, model.model_id);
    },
    onSuccess: refresh,
    onError: notifyError,
  });
  if (model.active) return null;
  const older = active !== undefined && model.model_id < active.model_id;
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      <Button variant="subtle" disabled={!may} loading={shadow.isPending} onClick={() => shadow.mutate()}>
        {shadowed ? 'End shadow' : 'Shadow'}
      </Button>
      <Button variant="light" disabled={!may} onClick={() => setAsking(true)}>
        {older ? 'Roll back' : 'Activate'}
      </Button>
      <Dialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={older ? `Roll back to model ${model.model_id}?` : `Activate model ${model.model_id}?`}
      >
        <Text size="sm" mb="md">
          New alerts are decided by it at once. Feedback stays as it is; events keep the decision that they have until they are
          reprocessed. What the guard has proved belongs to the model before and is proved anew.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)}>
            Cancel
          </Button>
          <Button loading={activate.isPending} onClick={() => activate.mutate()}>
            {older ? 'Roll back' : 'Activate'}
          </Button>
        </Group>
      </Dialog>
    </Group>
  );
}
