import { Alert, Anchor, Badge, Group, List, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, verdict } from '../../app/api.ts';
import { bytes } from '../../components/bytes.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { Time } from '../../components/time.tsx';

/** Whether the service is well, and what it is. */
export function About() {
  const about = useQuery({ queryKey: ['about'], queryFn: () => api.about(), refetchInterval: 10_000 });
  const ready = useQuery({ queryKey: ['ready'], queryFn: () => verdict.ready(), refetchInterval: 10_000 });
  return (
    <Stack maw={640} gap="md">
      {(about.error ?? ready.error) && <ErrorPanel error={about.error ?? ready.error} />}
      <Paper withBorder p="md">
        <Group gap="xs" mb="xs">
          <Title order={2}>Health</Title>
          {ready.data && (
            <Badge color={ready.data.status === 'ready' ? 'teal' : 'red'} variant="light">
              {ready.data.status === 'ready' ? 'all is well' : 'not ready'}
            </Badge>
          )}
        </Group>
        {ready.isPending && <Skeleton height={66} />}
        {ready.data?.warnings.map((warning) => (
          <Alert key={warning} color="yellow" mb="xs" p="xs">
            {warning}
          </Alert>
        ))}
        <List size="sm" spacing={2}>
          {ready.data?.checks.map((check) => (
            <List.Item key={check.name}>
              {CHECKS[check.name]}: {check.ok ? 'well' : check.detail}
            </List.Item>
          ))}
        </List>
      </Paper>
      <Paper withBorder p="md">
        <Title order={2} mb="xs">
          About
        </Title>
        {about.isPending && <Skeleton height={160} />}
        {about.data && (
          <Table verticalSpacing={4} withRowBorders={false}>
            <Table.Tbody>
              <Fact name="Version of Verdict">{about.data.version}</Fact>
              <Fact name="Node.js">{about.data.node}</Fact>
              <Fact name="Running since">
                <Time at={about.data.started_at} />
              </Fact>
              <Fact name="Database">{bytes(about.data.database_bytes)}</Fact>
              <Fact name="Memory">{bytes(about.data.memory_bytes)}</Fact>
              <Fact name="Waiting for the search index">{about.data.search_lag.toLocaleString()} events</Fact>
            </Table.Tbody>
          </Table>
        )}
      </Paper>
      <Text size="sm">
        Verdict is free software under Apache-2.0. Its <Anchor href="/docs">API page</Anchor> lists every call; measurements for
        Prometheus are under <code>/metrics</code>.
      </Text>
    </Stack>
  );
}

const CHECKS = { running: 'The service', storage: 'The store', migrations: "The store's version" } as const;

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Td c="dimmed">{name}</Table.Td>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}
