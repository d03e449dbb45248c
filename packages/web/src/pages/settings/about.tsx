import { Anchor, Badge, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { verdict } from '../../app/api.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';

/** Whether the service is well, and what it is. */
export function About() {
  const health = useQuery({ queryKey: ['health'], queryFn: () => verdict.health(), refetchInterval: 10_000 });
  const ready = useQuery({ queryKey: ['ready'], queryFn: () => verdict.ready(), refetchInterval: 10_000 });
  const facts = Object.entries({ ...(health.data ?? {}), ...(ready.data ?? {}) }).filter(
    ([, value]) => typeof value !== 'object',
  );
  return (
    <Stack maw={560} gap="md">
      {(health.error ?? ready.error) && <ErrorPanel error={health.error ?? ready.error} />}
      {health.isPending ? (
        <Skeleton height={120} />
      ) : (
        <Paper withBorder p="md">
          <Title order={2} mb="xs">
            Health{' '}
            <Badge color={ready.data?.status === 'ready' ? 'teal' : 'yellow'} variant="light">
              {ready.data?.status ?? 'unknown'}
            </Badge>
          </Title>
          <Table>
            <Table.Tbody>
              {facts.map(([name, value]) => (
                <Table.Tr key={name}>
                  <Table.Td>{name.replaceAll('_', ' ')}</Table.Td>
                  <Table.Td>{String(value)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      <Text size="sm">
        Verdict is free software under Apache-2.0. Its <Anchor href="/docs">API page</Anchor> lists every call; measurements for
        Prometheus are under <code>/metrics</code>.
      </Text>
    </Stack>
  );
}
