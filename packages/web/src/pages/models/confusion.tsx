import { Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AppJob, AppModel } from '@verdict/client/browser';

/** Rows are what people said, columns what the model said; a cell leads to the events that stand so today. */
export function Confusion({ model, job }: { readonly model: AppModel; readonly job: AppJob }) {
  const names = model.class_ids.map((id) => job.labels.find((label) => label.class_id === id)?.name ?? id);
  const matrix = model.metrics.confusion;
  return (
    <>
      <Table withColumnBorders mb={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>People ↓ / model →</Table.Th>
            {names.map((name) => (
              <Table.Th key={name} ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((said, row) => (
            <Table.Tr key={said}>
              <Table.Th scope="row">{said}</Table.Th>
              {names.map((decided, column) => {
                const count = matrix[row]?.[column] ?? 0;
                const wrong = row !== column && count > 0;
                return (
                  <Table.Td key={decided} ta="right" {...(wrong ? { className: 'confusion-wrong' } : {})}>
                    {count === 0 ? (
                      '0'
                    ) : (
                      <Link
                        to="/jobs/$jobId/events"
                        params={{ jobId: String(job.job_id) }}
                        search={{
                          where: [
                            ['arcanna.consensus', 'is', model.class_ids[row] ?? ''],
                            ['arcanna.result_label', 'is', decided],
                          ],
                        }}
                        aria-label={`${count} where people said ${said} and the model ${decided}`}
                      >
                        {Number.isInteger(count) ? count : count.toFixed(1)}
                      </Link>
                    )}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        Shaded is what the model decided otherwise than people. A number leads to the events that stand so today.
      </Text>
    </>
  );
}
