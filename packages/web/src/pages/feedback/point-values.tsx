import { Table } from '@mantine/core';
import { AlertText } from '../../components/alert-text.tsx';

/** The values that a decision may depend on, as text. */
export function PointValues({ points }: { readonly points: readonly { readonly point: string; readonly value: unknown }[] }) {
  return (
    <Table withRowBorders={false} verticalSpacing={2}>
      <Table.Tbody>
        {points.map(({ point, value }) => (
          <Table.Tr key={point}>
            <Table.Th w={220} c="dimmed" fw={400} className="path" scope="row">
              <AlertText text={point} />
            </Table.Th>
            <Table.Td className="path">
              {value === null || value === undefined ? (
                <i>missing</i>
              ) : (
                <AlertText text={typeof value === 'string' ? value : JSON.stringify(value)} limit={600} />
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
