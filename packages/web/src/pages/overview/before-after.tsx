import { Table, Text } from '@mantine/core';
import type { AppComparison } from '@verdict/client/browser';

/** The last training beside the model before it, on the same labels that neither had seen. */
export function BeforeAfter({ comparison }: { readonly comparison: AppComparison }) {
  const { before, after, missed_escalations: missed } = comparison;
  if (before === null || after === null) return null;
  const rows = [
    { name: 'Right', before: percent(before.accuracy), after: percent(after.accuracy), better: after.accuracy - before.accuracy },
    ...(missed
      ? [
          {
            name: 'Missed escalations',
            before: String(missed.before),
            after: String(missed.after),
            better: missed.before - missed.after,
          },
        ]
      : []),
    {
      name: 'Log-loss',
      before: before.log_loss.toFixed(3),
      after: after.log_loss.toFixed(3),
      better: before.log_loss - after.log_loss,
    },
  ];
  return (
    <Table verticalSpacing={2} horizontalSpacing={4} fz="sm" withRowBorders={false}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>
            <Text size="xs" c="dimmed">
              On {comparison.held_out} new labels
            </Text>
          </Table.Th>
          <Table.Th ta="right">Before</Table.Th>
          <Table.Th ta="right">After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.name}>
            <Table.Td>{row.name}</Table.Td>
            <Table.Td ta="right">{row.before}</Table.Td>
            <Table.Td ta="right" className={row.better > 0 ? 'better' : row.better < 0 ? 'warning' : undefined}>
              {row.after}
              <span className="visually-hidden">{row.better > 0 ? ' (better)' : row.better < 0 ? ' (worse)' : ''}</span>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
