import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Card,
  Code,
  Group,
  Menu,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconDots, IconKey, IconPencil, IconPlug, IconPlugX, IconSearch } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { AppIntegration, AppIntegrationTypeList } from '@verdict/client/browser';
import { useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { hasWords } from '../../components/has-words.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SearchBox } from '../../components/search-box.tsx';
import { Time } from '../../components/time.tsx';
import { ChangeIntegration } from './change-integration.tsx';
import { Connect, NewKey } from './connect.tsx';
import { ConnectionTest } from './connection-test.tsx';

type Type = AppIntegrationTypeList[number];

/** What an integration does for a use case, in words. */
const ROLE_WORDS: Readonly<Record<string, string>> = {
  input: 'sends alerts (input)',
  output: 'takes decisions (output)',
  enrichment: 'adds facts (enrichment)',
};

/** So many use cases are named in a row; the others when somebody asks. */
const FEW = 4;

/** From so many integrations on, they can be searched. */
const MANY = 10;

/** What sends alerts: what is connected, and the catalogue of what can be. */
export function IntegrationsPage() {
  const { integrationId } = useParams({ strict: false });
  const may = useCan('integrations');
  const [search, setSearch] = useState('');
  const [words, setWords] = useState('');
  const catalogue = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<Type | null>(null);
  const [testing, setTesting] = useState<number | null>(null);
  const known = useQuery({ queryKey: ['integration-types', ''], queryFn: () => api.integrationTypes() });
  const types = useQuery({
    queryKey: ['integration-types', search],
    queryFn: () => api.integrationTypes(search === '' ? undefined : search),
    placeholderData: (before) => before,
  });
  const connected = useQuery({
    queryKey: keys.integrations,
    queryFn: () => api.integrations(),
    refetchInterval: testing === null ? 15_000 : 1_500,
  });
  const tested = connected.data?.find((each) => each.integration_id === testing);
  const shown = connected.data?.filter(({ title, type, used_by: users }) =>
    hasWords([title, type, ...users.map((job) => job.title)], words),
  );
  return (
    <>
      <PageHeader title="Integrations" about="The systems that send alerts and ask for decisions.">
        {connected.data && connected.data.length > MANY && (
          <>
            <SearchBox
              name="Search the integrations"
              hint="Title, type or use case"
              width={220}
              value={words}
              onChange={setWords}
            />
            <Button leftSection={<IconPlug size={15} />} onClick={() => catalogue.current?.focus()}>
              To the catalogue
            </Button>
          </>
        )}
      </PageHeader>
      {connected.error && <ErrorPanel error={connected.error} retry={() => void connected.refetch()} />}
      {connected.isPending && <Skeleton height={90} mb="md" />}
      {connected.data && connected.data.length > 0 && shown?.length === 0 && (
        <EmptyState title="No integration fits the search">Its title, type and use cases are looked through.</EmptyState>
      )}
      {shown && shown.length > 0 && (
        <Paper withBorder mb="lg">
          <Table.ScrollContainer minWidth={760}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Integration</Table.Th>
                  <Table.Th>Type</Table.Th>
                  <Table.Th>Key</Table.Th>
                  <Table.Th>Last call</Table.Th>
                  <Table.Th>Used by</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((each) => (
                  <Row
                    key={each.integration_id}
                    integration={each}
                    type={known.data?.find(({ id }) => id === each.type_id)}
                    highlighted={String(each.integration_id) === integrationId}
                    test={() => setTesting(each.integration_id)}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <Group justify="space-between" mb="sm">
        <Title order={2}>Catalogue</Title>
        <TextInput
          ref={catalogue}
          aria-label="Search the catalogue"
          placeholder="Search, say Cortex XSOAR"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(e) => setSearch(e.currentTarget.value)}
          w={260}
        />
      </Group>
      {types.error && <ErrorPanel error={types.error} retry={() => void types.refetch()} />}
      {types.data?.length === 0 && (
        <EmptyState title="Nothing fits the search">
          Other systems can use the External REST API: any that can send JSON over HTTP.
        </EmptyState>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {types.data?.map((type) => (
          <Card key={type.id} withBorder padding="sm">
            <Stack gap={6} h="100%">
              <Group gap={6}>
                <IconPlug size={16} />
                <Text fw={600}>{type.name}</Text>
              </Group>
              <Text size="sm" c="dimmed" flex={1}>
                {type.description}
              </Text>
              <Group gap={4}>
                {type.roles.map((role) => (
                  <Badge key={role} variant="default" size="sm">
                    {ROLE_WORDS[role] ?? role}
                  </Badge>
                ))}
              </Group>
              <Button
                variant="light"
                disabled={!type.creatable || !may}
                onClick={() => setChosen(type)}
                aria-label={`Connect ${type.name}`}
              >
                {!type.creatable ? 'Not available' : may ? 'Connect' : 'Only administrators connect'}
              </Button>
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
      <Dialog opened={chosen !== null} onClose={() => setChosen(null)} title={chosen ? `Connect ${chosen.name}` : ''}>
        {chosen && <Connect type={chosen} close={() => setChosen(null)} test={setTesting} />}
      </Dialog>
      <Dialog
        opened={tested !== undefined}
        onClose={() => setTesting(null)}
        title={tested ? `Test “${tested.title}”` : ''}
        size="lg"
      >
        {tested && <ConnectionTest integration={tested} close={() => setTesting(null)} />}
      </Dialog>
    </>
  );
}

function Row({
  integration,
  type,
  highlighted,
  test,
}: {
  readonly integration: AppIntegration;
  readonly type: Type | undefined;
  readonly highlighted: boolean;
  readonly test: () => void;
}) {
  const client = useQueryClient();
  const may = useCan('integrations');
  const [dialog, setDialog] = useState<'change' | 'key' | 'leave' | null>(null);
  const remove = useMutation({
    mutationFn: () => api.deleteIntegration(integration.integration_id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.integrations });
      notifyDone(`“${integration.title}” is disconnected.`);
    },
    onError: notifyError,
  });
  const [all, setAll] = useState(false);
  const { key, used_by: users } = integration;
  return (
    <Table.Tr {...(highlighted ? { bg: 'var(--mantine-color-default-hover)' } : {})}>
      <Table.Td fw={600}>
        <AlertText text={integration.title} />
      </Table.Td>
      <Table.Td>{integration.type}</Table.Td>
      <Table.Td>
        {key ? (
          <Code className="one-line">
            {key.prefix}…{key.last4}
          </Code>
        ) : (
          '–'
        )}
        {key?.revoked_at && (
          <Badge ml={6} color="red" variant="light" size="sm">
            revoked
          </Badge>
        )}
      </Table.Td>
      <Table.Td>
        {key?.last_used_at ? (
          <Time at={key.last_used_at} relative />
        ) : (
          <Text size="sm" c="dimmed">
            no call yet
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          {users.length === 0 && (
            <Text size="sm" c="dimmed">
              no use case
            </Text>
          )}
          {(all ? users : users.slice(0, FEW)).map((job) => (
            <Anchor key={job.job_id} component={Link} to={`/jobs/${job.job_id}`} size="sm">
              <AlertText text={job.title} />
            </Anchor>
          ))}
          {users.length > FEW && (
            <Anchor component="button" type="button" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? 'fewer' : `and ${users.length - FEW} more`}
            </Anchor>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <Button variant="light" onClick={test} aria-label={`Test ${integration.title}`}>
            Test
          </Button>
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${integration.title}`} disabled={!may}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setDialog('change')}>
                Change…
              </Menu.Item>
              <Menu.Item leftSection={<IconKey size={15} />} onClick={() => setDialog('key')}>
                New key…
              </Menu.Item>
              <Menu.Item
                className="danger"
                leftSection={<IconPlugX size={15} />}
                disabled={users.length > 0}
                onClick={() => setDialog('leave')}
              >
                {users.length > 0 ? 'Disconnect (a use case needs it)' : 'Disconnect…'}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
        <Dialog opened={dialog === 'change'} onClose={() => setDialog(null)} title={`Change “${integration.title}”`}>
          {dialog === 'change' && <ChangeIntegration integration={integration} type={type} close={() => setDialog(null)} />}
        </Dialog>
        <Dialog opened={dialog === 'key'} onClose={() => setDialog(null)} title={`A new key for “${integration.title}”`}>
          {dialog === 'key' && <NewKey integration={integration} close={() => setDialog(null)} />}
        </Dialog>
        <Dialog opened={dialog === 'leave'} onClose={() => setDialog(null)} title={`Disconnect “${integration.title}”?`}>
          <Text size="sm" mb="md">
            Its key ends for good: whatever still uses it is refused.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setDialog(null)}>
              Keep it
            </Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              Disconnect
            </Button>
          </Group>
        </Dialog>
      </Table.Td>
    </Table.Tr>
  );
}
