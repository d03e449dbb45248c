import {
  Alert,
  Anchor,
  Badge,
  Button,
  Card,
  Code,
  CopyButton,
  Group,
  Modal,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconKey, IconPlug, IconSearch } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { AppIntegration, AppIntegrationTypeList } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Time } from '../../components/time.tsx';
import { ParameterFields, type ParameterValues } from './parameter-fields.tsx';

type Type = AppIntegrationTypeList[number];

/** What sends alerts: what is connected, and the catalogue of what can be. */
export function IntegrationsPage() {
  const { integrationId } = useParams({ strict: false });
  const may = useCan('integrations');
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Type | null>(null);
  const types = useQuery({
    queryKey: ['integration-types', search],
    queryFn: () => api.integrationTypes(search === '' ? undefined : search),
    placeholderData: (before) => before,
  });
  const connected = useQuery({ queryKey: keys.integrations, queryFn: () => api.integrations(), refetchInterval: 15_000 });
  return (
    <>
      <PageHeader title="Integrations" about="The systems that send alerts and ask for decisions." />
      {connected.error && <ErrorPanel error={connected.error} retry={() => void connected.refetch()} />}
      {connected.isPending && <Skeleton height={90} mb="md" />}
      {connected.data && connected.data.length > 0 && (
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
                {connected.data.map((each) => (
                  <Row key={each.integration_id} integration={each} highlighted={String(each.integration_id) === integrationId} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <Group justify="space-between" mb="sm">
        <Title order={2}>Catalogue</Title>
        <TextInput
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
                    {role}
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
      <Modal opened={chosen !== null} onClose={() => setChosen(null)} title={chosen ? `Connect ${chosen.name}` : ''}>
        {chosen && <Connect type={chosen} close={() => setChosen(null)} />}
      </Modal>
    </>
  );
}

function Row({ integration, highlighted }: { readonly integration: AppIntegration; readonly highlighted: boolean }) {
  const client = useQueryClient();
  const may = useCan('integrations');
  const remove = useMutation({
    mutationFn: () => api.deleteIntegration(integration.integration_id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.integrations });
      notifyDone(`“${integration.title}” is disconnected.`);
    },
    onError: notifyError,
  });
  const { key } = integration;
  return (
    <Table.Tr {...(highlighted ? { bg: 'var(--mantine-color-default-hover)' } : {})}>
      <Table.Td fw={550}>
        <AlertText text={integration.title} />
      </Table.Td>
      <Table.Td>{integration.type}</Table.Td>
      <Table.Td>
        {key ? (
          <Code>
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
            no call yet: press Test in the other system
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          {integration.used_by.length === 0 && (
            <Text size="sm" c="dimmed">
              no use case
            </Text>
          )}
          {integration.used_by.map((job) => (
            <Anchor key={job.job_id} component={Link} to={`/jobs/${job.job_id}`} size="sm">
              {job.title}
            </Anchor>
          ))}
        </Group>
      </Table.Td>
      <Table.Td>
        <Button
          variant="subtle"
          color="red"
          disabled={!may || integration.used_by.length > 0}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
          aria-label={`Disconnect ${integration.title}`}
        >
          Disconnect
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function Connect({ type, close }: { readonly type: Type; readonly close: () => void }) {
  const client = useQueryClient();
  const [title, setTitle] = useState(type.name);
  const [values, setValues] = useState<ParameterValues>({});
  const create = useMutation({
    mutationFn: () => api.createIntegration({ title: title.trim(), type: type.name, parameters: values }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.integrations }),
  });
  if (create.data) return <Made title={title} value={create.data.key_value} close={close} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
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
        />
        <ParameterFields schema={type.parameters} values={values} onChange={setValues} />
        {create.error && <ErrorPanel error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Confirm
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Made({ title, value, close }: { readonly title: string; readonly value: string | null; readonly close: () => void }) {
  return (
    <Stack gap="sm">
      {value === null ? (
        <Text size="sm">“{title}” is connected, with the key that you gave.</Text>
      ) : (
        <Alert color="yellow" icon={<IconKey size={18} />} title="This key is shown once">
          <Text size="sm" mb="xs">
            Put it into the other system now. Only its hash is kept here; if it is lost, make another.
          </Text>
          <Code block className="secret">
            {value}
          </Code>
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button mt="xs" variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy the key'}
              </Button>
            )}
          </CopyButton>
        </Alert>
      )}
      <Text size="sm" c="dimmed">
        Next: create a use case that takes its alerts, then press Test in the other system. The last call with the key shows in
        the list.
      </Text>
      <Group justify="flex-end">
        <Button onClick={close}>Done</Button>
      </Group>
    </Stack>
  );
}
