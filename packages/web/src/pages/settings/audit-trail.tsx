import { Button, Group, Paper, Select, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AppAuditEntry } from '@verdict/client/browser';
import { useEffect, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { showHidden } from '../../components/hidden-characters.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';
import { changesBetween } from './changes.ts';

/** Kinds of things that are changed. */
const KINDS = ['job', 'integration', 'key', 'user', 'model', 'guard', 'task', 'backup', 'event'] as const;

/** Who changed what, before and after; newest first. */
export function AuditTrail() {
  const search = useSearch({ strict: false }) as Partial<Record<string, unknown>>;
  const [actor, setActor] = useState(textOf(search.who));
  const [action, setAction] = useState(textOf(search.what));
  const [kind, setKind] = useState(textOf(search.of));
  const [filter] = useDebouncedValue({ actor, action, kind }, 300);
  const navigate = useNavigate();
  // The filter is in the address, so that it can be sent to somebody.
  useEffect(() => {
    const { actor: who, action: what, kind: of } = filter;
    void navigate({
      to: '/settings/$section',
      params: { section: 'audit' },
      search: Object.fromEntries(Object.entries({ who, what, of }).filter(([, value]) => value !== '')),
      replace: true,
    });
  }, [filter, navigate]);
  const trail = useInfiniteQuery({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) =>
      api.audit({
        size: 50,
        ...(filter.actor === '' ? {} : { actor: filter.actor }),
        ...(filter.action === '' ? {} : { action: filter.action }),
        ...(filter.kind === '' ? {} : { object_kind: filter.kind }),
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
        <Select
          label="Of what"
          placeholder="anything"
          clearable
          data={[...KINDS]}
          value={kind === '' ? null : kind}
          onChange={(value) => setKind(value ?? '')}
          w={140}
        />
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
        {open && <Changes entry={entry} />}
      </Table.Td>
    </Table.Tr>
  );
}

function Changes({ entry }: { readonly entry: AppAuditEntry }) {
  const changes = changesBetween(entry.before, entry.after);
  if (changes.length === 0)
    return (
      <Text size="xs" c="dimmed">
        Nothing differs.
      </Text>
    );
  return (
    <dl className="changes">
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>{showHidden(path || 'value')}</dt>
          <dd>
            {before !== undefined && <del>{showHidden(before)}</del>}
            {before !== undefined && after !== undefined && ' → '}
            {after !== undefined && <ins>{showHidden(after)}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
