import { Group, Paper, Skeleton, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Time } from '../../components/time.tsx';

const SHOWN = 10;

/** The model that decides silently, beside the one that decides. */
export function ShadowPanel({ job }: { readonly job: AppJob }) {
  const shadow = useQuery({ queryKey: keys.of(job.job_id, 'shadow'), queryFn: () => api.shadow(job.job_id) });
  if (shadow.error) return <ErrorPanel error={shadow.error} retry={() => void shadow.refetch()} />;
  if (!shadow.data) return <Skeleton height={80} />;
  const { data } = shadow;
  if (data.model_id === null) return null;
  const percent = (part: number, of: number) => (of === 0 ? '–' : `${((part / of) * 100).toFixed(1)} %`);
  return (
    <Paper withBorder p="sm" mb="md" component="section" aria-label="Shadow model">
      <Title order={3} mb={4}>
        Model {data.model_id} in the shadow of model {data.active_model_id ?? '–'}
      </Title>
      <Text size="sm">
        Since <Time at={data.since} relative /> it has decided {data.decided.toLocaleString()} events, and said the same in{' '}
        <b>{percent(data.agreed, data.compared)}</b> of the newest {data.compared.toLocaleString()}.
        {data.labelled > 0
          ? ` Where people have labelled since (${data.labelled.toLocaleString()}), the active model was right in ${percent(data.active_right, data.labelled)}, the shadow in ${percent(data.shadow_right, data.labelled)}.`
          : ' Nobody has labelled any of them since; label some where they differ to see which is right.'}
      </Text>
      {data.differences.length > 0 && (
        <Table mt="xs" verticalSpacing={3}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Where they differ</Table.Th>
              <Table.Th>Active</Table.Th>
              <Table.Th>Shadow</Table.Th>
              <Table.Th>People</Table.Th>
              <Table.Th>Came in</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.differences.slice(0, SHOWN).map((each) => (
              <Table.Tr key={each.event_id}>
                <Table.Td>
                  <Link to="/jobs/$jobId/events/$eventId" params={{ jobId: String(job.job_id), eventId: each.event_id }}>
                    <AlertText text={each.event_id} limit={60} />
                  </Link>
                </Table.Td>
                <Table.Td>
                  <LabelBadge label={each.active} labels={job.labels} />
                </Table.Td>
                <Table.Td>
                  <LabelBadge label={each.shadow} labels={job.labels} />
                </Table.Td>
                <Table.Td>
                  {each.people === null ? (
                    <span className="label-none">–</span>
                  ) : (
                    <LabelBadge label={each.people} labels={job.labels} />
                  )}
                </Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    <Time at={each.ingested_at} relative />
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Paper>
  );
}
