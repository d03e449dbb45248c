import { Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AppJob, AppLabel, AppModel } from '@verdict/client/browser';
import { AlertText } from '../../components/alert-text.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';

/** What people escalated and the model did not: the mistakes that hurt, so they come before all other figures. */
export function Missed({ model, job }: { readonly model: AppModel; readonly job: AppJob }) {
  const grave = graveLabel(job.labels);
  const row = grave === undefined ? -1 : model.class_ids.indexOf(grave.class_id);
  const counts = row < 0 ? [] : (model.metrics.confusion[row] ?? []);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const others = counts.flatMap((count, column) =>
    column === row || count === 0
      ? []
      : [{ count, name: job.labels.find(({ class_id: id }) => id === model.class_ids[column])?.name ?? '' }],
  );
  const missed = others.reduce((sum, { count }) => sum + count, 0);
  const listed = model.comparison?.missed ?? [];
  return (
    <Stack gap="xs">
      {grave === undefined || row < 0 ? (
        <Text size="sm" c="dimmed">
          The model knows no label that it could miss.
        </Text>
      ) : (
        <Text size="sm">
          Of <b>{whole(all)}</b> buckets that people labelled {grave.name}, judged without having learned from them, it missed{' '}
          <b className={missed > 0 ? 'warning' : ''}>{whole(missed)}</b>
          {others.length > 0 && ': '}
          {others.map(({ count, name }, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <Link
                to="/jobs/$jobId/events"
                params={{ jobId: String(job.job_id) }}
                search={{
                  where: [
                    ['arcanna.consensus', 'is', grave.class_id],
                    ['arcanna.result_label', 'is', name],
                  ],
                }}
              >
                {whole(count)} as {name}
              </Link>
            </span>
          ))}
          .
        </Text>
      )}
      {model.comparison !== null && listed.length === 0 && (
        <Text size="sm" c="dimmed">
          None among the {model.comparison.held_out} newest labels, on which it was compared with the model before.
        </Text>
      )}
      {listed.length > 0 && (
        <Text size="sm" c="dimmed">
          On the {model.comparison?.held_out} newest labels, which neither model knew, these were not escalated, or dropped though
          people did not drop them, by one of the two:
        </Text>
      )}
      {listed.length > 0 && (
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Event</Table.Th>
              <Table.Th>People</Table.Th>
              <Table.Th>The model before</Table.Th>
              <Table.Th>This one</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {listed.map((each) => (
              <Table.Tr key={each.unit}>
                <Table.Td>
                  {each.event_id === null ? (
                    'gone'
                  ) : (
                    <Link to="/jobs/$jobId/events/$eventId" params={{ jobId: String(job.job_id), eventId: each.event_id }}>
                      <AlertText text={each.event_id} limit={40} />
                    </Link>
                  )}
                </Table.Td>
                <Table.Td>
                  <LabelBadge label={each.label} labels={job.labels} />
                </Table.Td>
                <Table.Td>
                  <LabelBadge label={each.before} labels={job.labels} />
                </Table.Td>
                <Table.Td>
                  <LabelBadge label={each.after} labels={job.labels} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

/** The label that must not be missed: the one called Escalate, else the first. */
export function graveLabel(labels: readonly AppLabel[]): AppLabel | undefined {
  return labels.find(({ name }) => name.toLowerCase() === 'escalate') ?? labels[0];
}

function whole(count: number): string {
  return Number.isInteger(count) ? count.toLocaleString() : count.toFixed(1);
}
