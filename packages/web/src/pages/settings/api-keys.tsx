import {
  Alert,
  Badge,
  Button,
  Code,
  CopyButton,
  Group,
  MultiSelect,
  Paper,
  Select,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { type AppKey, SCOPES } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';

const STATE_COLORS = { active: 'teal', expired: 'gray', revoked: 'red' } as const;

/** Keys of SOARs and for management: never their values. */
export function ApiKeys() {
  const { key: named } = useSearch({ strict: false }) as { key?: unknown };
  const all = useQuery({ queryKey: keys.apiKeys, queryFn: () => api.keys() });
  const [making, setMaking] = useState(false);
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed" maw={620}>
          Keys of integrations are made under Integrations. Management keys are for scripts, dashboards and agents; each may do
          what its scopes say.
        </Text>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setMaking(true)}>
          Make a management key
        </Button>
      </Group>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      {all.isPending && <Skeleton height={120} />}
      {all.data?.length === 0 && (
        <EmptyState title="No key yet">Connect an integration, or make a management key for a script.</EmptyState>
      )}
      {all.data && all.data.length > 0 && (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={820}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Key</Table.Th>
                  <Table.Th>May</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th>Ends</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.data.map((key) => (
                  <Row key={key.key_id} apiKey={key} highlighted={String(key.key_id) === String(named)} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <Dialog opened={making} onClose={() => setMaking(false)} title="Make a management key">
        {making && <Make close={() => setMaking(false)} />}
      </Dialog>
    </>
  );
}

function Row({ apiKey, highlighted }: { readonly apiKey: AppKey; readonly highlighted: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.revokeKey(apiKey.key_id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.apiKeys });
      setAsking(false);
      notifyDone(`“${apiKey.name}” is revoked: no call with it is taken any more.`);
    },
    onError: notifyError,
  });
  const may = apiKey.kind === 'input' ? apiKey.rights : apiKey.scopes;
  return (
    <Table.Tr {...(highlighted ? { bg: 'var(--mantine-color-default-hover)' } : {})}>
      <Table.Td>
        {apiKey.name}{' '}
        <Badge variant="light" size="sm" color={STATE_COLORS[apiKey.state]}>
          {apiKey.state}
        </Badge>
        {apiKey.integrations.length > 0 && (
          <Text size="xs" c="dimmed">
            {apiKey.integrations.join(', ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Code className="one-line">
          {apiKey.prefix}…{apiKey.last4}
        </Code>
      </Table.Td>
      <Table.Td maw={280}>
        <Text size="xs" lineClamp={2} title={may.join(', ')}>
          {apiKey.kind}: {may.join(', ')}
        </Text>
      </Table.Td>
      <Table.Td>
        <Time at={apiKey.last_used_at} relative />
      </Table.Td>
      <Table.Td>{apiKey.expires_at === null ? 'never' : <Time at={apiKey.expires_at} />}</Table.Td>
      <Table.Td ta="right">
        {apiKey.state === 'active' && (
          <Button variant="subtle" color="red" onClick={() => setAsking(true)} aria-label={`Revoke ${apiKey.name}`}>
            Revoke
          </Button>
        )}
        <Dialog opened={asking} onClose={() => setAsking(false)} title={`Revoke “${apiKey.name}”?`}>
          <Text size="sm" mb="md">
            Whatever uses it is refused from then on, and it cannot be brought back.{' '}
            {apiKey.integrations.length > 0 ? `It is the key of ${apiKey.integrations.join(', ')}.` : ''}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
              Revoke
            </Button>
          </Group>
        </Dialog>
      </Table.Td>
    </Table.Tr>
  );
}

const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: '', label: 'Never ends' },
];

function Make({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState<string | null>('90');
  const make = useMutation({
    mutationFn: () =>
      api.createKey({
        name,
        kind: 'management',
        scopes,
        expires_at: days === null || days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.apiKeys }),
  });
  if (make.data) {
    return (
      <Stack gap="sm">
        <Alert color="yellow" icon={<IconKey size={18} />} title="This key is shown once">
          <Code block className="secret">
            {make.data.value}
          </Code>
          <CopyButton value={make.data.value}>
            {({ copied, copy }) => (
              <Button mt="xs" variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy the key'}
              </Button>
            )}
          </CopyButton>
        </Alert>
        <Group justify="flex-end">
          <Button onClick={close}>Done</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Who or what uses it."
          required
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <MultiSelect
          label="Scopes"
          description="Give no more than is needed."
          required
          data={[...SCOPES]}
          value={scopes}
          onChange={setScopes}
          searchable
          clearable
        />
        <Select label="Ends after" data={LIVES} value={days} onChange={setDays} allowDeselect={false} />
        {make.error && <ErrorPanel error={make.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending} disabled={scopes.length === 0}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
