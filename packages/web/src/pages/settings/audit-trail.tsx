import { Button, Code, Group, Paper, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import type { AppAuditEntry } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { showHidden } from '../../components/hidden-characters.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';

/** Who changed what, before and after; newest first. */
export function AuditTrail() {
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const [filter] = useDebouncedValue({ actor, action }, 300);
  const trail = useInfiniteQuery({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) =>
      api.audit({
        size: 50,
        ...(filter.actor === '' ? {} : { actor: filter.actor }),
        ...(filter.action === '' ? {} : { action: filter.action }),
        ...(pageParam === 0 ? {} : { before: pageParam }),
      }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const verify = useMutation({
    mutationFn: () => api.verifyAudit(),
    onSuccess: (verdict) => notifyDone(verdict.sentence),
    onError: notifyError,
  });
  const entries = trail.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <Group mb="sm" gap="xs" align="flex-end">
        <TextInput
          label="Who"
          placeholder="ada, key:3, operator"
          value={actor}
          onChange={(e) => setActor(e.currentTarget.value)}
        />
        <TextInput label="What" placeholder="key.revoke" value={action} onChange={(e) => setAction(e.currentTarget.value)} />
        <Button variant="default" ml="auto" loading={verify.isPending} onClick={() => verify.mutate()}>
          Check that nothing was changed
        </Button>
      </Group>
      {trail.error && <ErrorPanel error={trail.error} retry={() => void trail.refetch()} />}
      {trail.isPending && <Skeleton height={200} />}
      {trail.data && entries.length === 0 && (
        <EmptyState title="No entry fits">Clear the fields above to see all entries.</EmptyState>
      )}
      {entries.length > 0 && (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={820}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>When</Table.Th>
                  <Table.Th>Who</Table.Th>
                  <Table.Th>What</Table.Th>
                  <Table.Th>Of what</Table.Th>
                  <Table.Th>Before and after</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <Row key={entry.seq} entry={entry} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      {trail.hasNextPage && (
        <Button mt="sm" variant="default" loading={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
          Older entries
        </Button>
      )}
    </>
  );
}

function Row({ entry }: { readonly entry: AppAuditEntry }) {
  const [open, setOpen] = useState(false);
  const has = entry.before !== null || entry.after !== null;
  return (
    <Table.Tr>
      <Table.Td>
        <Time at={entry.at} />
      </Table.Td>
      <Table.Td>
        {entry.actor_name}
        <Text size="xs" c="dimmed">
          {entry.origin}
        </Text>
      </Table.Td>
      <Table.Td>{entry.action}</Table.Td>
      <Table.Td>
        {entry.object_kind} {entry.object_id}
      </Table.Td>
      <Table.Td>
        {has && (
          <Button variant="subtle" onClick={() => setOpen(!open)} aria-expanded={open}>
            {open ? 'Hide' : 'Show'}
          </Button>
        )}
        {open && (
          <Group align="flex-start" gap="xs" wrap="nowrap">
            <Code block>{pretty(entry.before)}</Code>
            <Code block>{pretty(entry.after)}</Code>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function pretty(value: unknown): string {
  return value === null ? '(nothing)' : showHidden(JSON.stringify(value, null, 2));
}
