import { Skeleton, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';

/** What the decisions of a model hang on: how much each decision point moves them, and which way. */
export function Influence({ jobId, modelId }: { readonly jobId: number; readonly modelId: number }) {
  const influence = useQuery({
    queryKey: keys.of(jobId, 'influence', modelId),
    queryFn: () => api.influence(jobId, modelId),
    staleTime: 300_000,
    meta: { live: false },
  });
  if (influence.error) return <ErrorPanel error={influence.error} retry={() => void influence.refetch()} />;
  if (!influence.data) return <Skeleton height={160} />;
  const { buckets, points } = influence.data;
  const most = Math.max(0, ...points.map(({ weight }) => weight));
  return (
    <>
      <Table withRowBorders={false} verticalSpacing={3} horizontalSpacing={4}>
        <Table.Tbody>
          {points.map(({ decision_point: point, weight, towards, against }) => (
            <Table.Tr key={point}>
              <Table.Th scope="row" fw={400} className="path" miw={150}>
                <AlertText text={point} />
              </Table.Th>
              <Table.Td w="30%">
                <svg width="100%" height="10" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={Math.max(0.5, most === 0 ? 0 : (weight / most) * 100)} height="10" className="influence-bar" />
                </svg>
              </Table.Td>
              <Table.Td ta="right">{weight.toFixed(2)}</Table.Td>
              <Table.Td>
                <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                  for {Math.round(towards * 100)} %, against {Math.round(against * 100)} %
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        How far a decision moves (log-odds) when the field is taken away, on average over the newest {buckets.toLocaleString()}{' '}
        buckets, and how often it spoke for and against what was decided.
      </Text>
    </>
  );
}
