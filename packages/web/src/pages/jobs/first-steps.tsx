import { Anchor, Button, Code, CopyButton, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import type { ReactNode } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';

/**
 * What is left to do until the first use case decides; gone when all of it is done. What the demo made does not count, and while there
 * is nothing but the demo the list waits.
 */
export function FirstSteps({ jobs, onCreate }: { readonly jobs: readonly AppJob[] | undefined; readonly onCreate: () => void }) {
  const may = useCan('integrations');
  const integrations = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations() });
  if (jobs === undefined || integrations.data === undefined) return null;
  const own = jobs.filter((job) => !job.demo);
  const ofDemo = new Set(jobs.filter((job) => job.demo).map((job) => job.job_id));
  const connected = integrations.data.filter(({ used_by: users }) => !users.some(({ job_id: id }) => ofDemo.has(id)));
  const furthest = own.toSorted((a, b) => progress(b) - progress(a))[0];
  const to = (page: string) => (furthest ? `/jobs/${furthest.job_id}${page}` : '/jobs');
  const steps: readonly { readonly title: string; readonly done: boolean; readonly how: ReactNode }[] = [
    {
      title: 'Connect an integration',
      done: connected.length > 0,
      how: (
        <>
          Choose Cortex XSOAR or the External REST API under{' '}
          <Anchor component={Link} to="/integrations" size="sm">
            Integrations
          </Anchor>
          . Its key is shown once: keep it for the next steps.
        </>
      ),
    },
    {
      title: 'Create a use case',
      done: own.length > 0,
      how: (
        <Button variant="light" onClick={onCreate} disabled={!may} mt={4}>
          {may ? 'Create the first use case' : 'An administrator does this'}
        </Button>
      ),
    },
    { title: 'Send the first alert', done: (furthest?.events ?? 0) > 0, how: <SendFirst jobId={furthest?.job_id} /> },
    {
      title: 'Choose decision points',
      done: (furthest?.decision_points_version ?? 0) > 0,
      how: (
        <>
          The fields that a decision may depend on:{' '}
          <Anchor component={Link} to={to('/decision-points')} size="sm">
            look at what your alerts have
          </Anchor>
          .
        </>
      ),
    },
    {
      title: 'Label',
      done: (furthest?.events_with_feedback ?? 0) > 0,
      how: (
        <>
          Say what your team would do with some alerts:{' '}
          <Anchor component={Link} to={to('/feedback')} size="sm">
            Feedback
          </Anchor>
          , one key a bucket.
        </>
      ),
    },
    {
      title: 'Train',
      done: (furthest?.active_model_id ?? null) !== null,
      how: (
        <>
          Press Train now in the{' '}
          <Anchor component={Link} to={to('')} size="sm">
            overview
          </Anchor>
          . From then on each new alert gets a decision with its reasons.
        </>
      ),
    },
  ];
  const next = steps.findIndex((step) => !step.done);
  if (next === -1 || (ofDemo.size > 0 && own.length === 0)) return null;
  return (
    <Paper withBorder p="md" mb="md" component="section" aria-label="First steps">
      <Group justify="space-between" mb="xs">
        <Title order={2}>First steps</Title>
        <Text size="sm" c="dimmed">
          {steps.filter(({ done }) => done).length} of {steps.length} done
        </Text>
      </Group>
      <Stack gap={8} component="ol" className="steps">
        {steps.map((step, index) => (
          <li key={step.title}>
            <Group gap="sm" align="flex-start" wrap="nowrap">
              <ThemeIcon size={20} radius="xl" variant={step.done ? 'filled' : 'default'} color="teal" mt={1}>
                {step.done ? <IconCheck size={13} aria-label="done" /> : <span className="step-number">{index + 1}</span>}
              </ThemeIcon>
              <div>
                <Text size="sm" fw={index === next ? 600 : 400} {...(step.done ? { c: 'dimmed' } : {})}>
                  {step.title}
                </Text>
                {index === next && (
                  <Text size="sm" c="dimmed" component="div">
                    {step.how}
                  </Text>
                )}
              </div>
            </Group>
          </li>
        ))}
      </Stack>
    </Paper>
  );
}

function SendFirst({ jobId }: { readonly jobId: number | undefined }) {
  const address = window.location.origin;
  const command = [
    `curl ${address}/api/v1/events/ \\`,
    '  -H "x-arcanna-api-key: $VERDICT_KEY" -H "content-type: application/json" \\',
    `  -d '{"job_id": ${jobId ?? 1201}, "title": "First alert", "raw_body": {"rule": {"name": "Office macro"}, "host": {"os": "windows"}}}'`,
  ].join('\n');
  return (
    <Stack gap={6} mt={4}>
      <Text size="sm">
        <strong>From a terminal</strong>: put the key of the integration where it says VERDICT_KEY. It appears here by itself.
      </Text>
      <Group align="flex-start" gap="xs" wrap="nowrap">
        <Code
          block
          className="command"
        >{`export VERDICT_KEY=…   # shown once when you connected the integration\n${command}`}</Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Text size="sm" component="div">
        <strong>From Cortex XSOAR</strong>
        <ol className="words">
          <li>
            Install Verdict’s content pack (Marketplace, or upload its file). Then Settings → Integrations → Servers &amp;
            Services: search <em>Verdict</em> and press <em>Add instance</em>.
          </li>
          <li>
            Server address: <Code>{address}</Code>. API key: the key of the integration. Default job id:{' '}
            <Code>{jobId ?? 1201}</Code>.
          </li>
          <li>
            Press <em>Test</em>: it turns green, and the integration’s last call under Integrations shows “just now”.
          </li>
          <li>
            In an incident’s War Room run{' '}
            <Code>{'!arcanna-send-event title="First alert" event_json=`{"rule": {"name": "Office macro"}}`'}</Code>, or put that
            command into the playbook before a person is asked.
          </li>
        </ol>
      </Text>
    </Stack>
  );
}

/** How many of the steps a use case has behind it. */
function progress(job: AppJob): number {
  return [job.events > 0, job.decision_points_version > 0, job.events_with_feedback > 0, job.active_model_id !== null].filter(
    Boolean,
  ).length;
}
