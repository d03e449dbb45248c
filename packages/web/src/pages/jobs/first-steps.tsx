import { Anchor, Button, Code, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import type { ReactNode } from 'react';
import { api, keys } from '../../app/api.ts';

/** What is left to do until the first use case decides; gone when all of it is done. */
export function FirstSteps({ jobs, onCreate }: { readonly jobs: readonly AppJob[] | undefined; readonly onCreate: () => void }) {
  const integrations = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations() });
  if (jobs === undefined || integrations.data === undefined) return null;
  const furthest = jobs.toSorted((a, b) => progress(b) - progress(a))[0];
  const to = (page: string) => (furthest ? `/jobs/${furthest.job_id}${page}` : '/jobs');
  const steps: readonly { readonly title: string; readonly done: boolean; readonly how: ReactNode }[] = [
    {
      title: 'Connect an integration',
      done: integrations.data.length > 0,
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
      done: jobs.length > 0,
      how: (
        <Button variant="light" onClick={onCreate}>
          Create use case
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
  if (next === -1) return null;
  return (
    <Paper withBorder p="md" mb="md" component="section" aria-label="First steps">
      <Title order={2} mb="xs">
        First steps
      </Title>
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
  const command = [
    `curl ${window.location.origin}/api/v1/events/ \\`,
    '  -H "x-arcanna-api-key: $VERDICT_KEY" -H "content-type: application/json" \\',
    `  -d '{"job_id": ${jobId ?? 1201}, "title": "First alert", "raw_body": {"rule": {"name": "Office macro"}, "host": {"os": "windows"}}}'`,
  ].join('\n');
  return (
    <Stack gap={4}>
      <span>From a terminal, with the key of the integration:</span>
      <Code block>{command}</Code>
      <span>
        From Cortex XSOAR: Settings → Integrations → Servers &amp; Services → add an instance with this address and the key, press
        Test, then run <Code>!arcanna-send-event</Code> in a War Room or as a playbook task.
      </span>
    </Stack>
  );
}

/** How many of the steps a use case has behind it. */
function progress(job: AppJob): number {
  return [job.events > 0, job.decision_points_version > 0, job.events_with_feedback > 0, job.active_model_id !== null].filter(
    Boolean,
  ).length;
}
