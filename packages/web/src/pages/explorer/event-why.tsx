import { Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { AlertText } from '../../components/alert-text.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Time } from '../../components/time.tsx';
import { PointValues } from '../feedback/point-values.tsx';

type Explanation = NonNullable<AppEvent['explanation']>;

/** Why it was decided so: what speaks for it and against it, and the nearest labelled buckets beside it. */
export function EventWhy({ job, event }: { readonly job: AppJob; readonly event: AppEvent }) {
  const { explanation } = event;
  return (
    <Stack gap="sm">
      {event.reasons.length > 0 && (
        <ul className="reasons">
          {event.reasons.map((reason) => (
            <li key={reason}>
              <AlertText text={reason} />
            </li>
          ))}
        </ul>
      )}
      {explanation && explanation.towards.length + explanation.against.length > 0 && (
        <ForAndAgainst explanation={explanation} label={event.decision.label ?? 'it'} />
      )}
      {explanation && explanation.nearest.length > 0 && <Nearest job={job} event={event} explanation={explanation} />}
      <Title order={3}>Decision points</Title>
      {event.decision_points.length === 0 ? (
        <Text size="sm" c="dimmed">
          None are chosen yet. Without them every event stands alone.{' '}
          <Link to="/jobs/$jobId/decision-points" params={{ jobId: String(job.job_id) }}>
            Choose some
          </Link>
          .
        </Text>
      ) : (
        <PointValues points={event.decision_points} />
      )}
    </Stack>
  );
}

function ForAndAgainst({ explanation, label }: { readonly explanation: Explanation; readonly label: string }) {
  const all = [...explanation.towards, ...explanation.against];
  const most = Math.max(...all.map(({ weight }) => Math.abs(weight)));
  return (
    <div>
      <Title order={3}>For and against {label}</Title>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={4}>
        <Table.Tbody>
          {all.map(({ decision_point: point, value, weight }) => (
            <Table.Tr key={point}>
              <Table.Td w={96}>
                <Weight weight={weight} most={most} />
              </Table.Td>
              <Table.Td className="path">
                <AlertText text={point} />{' '}
                <Text span c="dimmed" size="sm">
                  {value === null ? <i>missing</i> : <AlertText text={shown(value)} limit={200} />}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** A bar to the right for, to the left against; as long as what it adds is big. */
function Weight({ weight, most }: { readonly weight: number; readonly most: number }) {
  const length = 44 * (most === 0 ? 0 : Math.abs(weight) / most);
  const words = `${weight >= 0 ? 'for' : 'against'}, ${Math.abs(weight).toFixed(2)}`;
  return (
    <svg width="92" height="10" viewBox="0 0 92 10" role="img" aria-label={words}>
      <title>{words} (log-odds)</title>
      <line x1="46" y1="0" x2="46" y2="10" className="reliability-axis" />
      <rect
        x={weight >= 0 ? 46 : 46 - length}
        y="1"
        width={Math.max(1, length)}
        height="8"
        rx="1"
        className={weight >= 0 ? 'weight-for' : 'weight-against'}
      />
    </svg>
  );
}

function Nearest({
  job,
  event,
  explanation,
}: {
  readonly job: AppJob;
  readonly event: AppEvent;
  readonly explanation: Explanation;
}) {
  const here = new Map(event.decision_points.map(({ point, value }) => [point, value]));
  const nearest = explanation.nearest.slice(0, 3);
  const points = [...here.keys()];
  return (
    <div>
      <Title order={3}>Nearest labelled buckets</Title>
      <Paper withBorder mt={4}>
        <Table.ScrollContainer minWidth={160 + 130 * (nearest.length + 1)}>
          <Table withColumnBorders verticalSpacing={3} className="nearest">
            <Table.Thead>
              <Table.Tr>
                <Table.Th aria-label="Decision point" />
                <Table.Th>This event</Table.Th>
                {nearest.map((each) => (
                  <Table.Th key={each.bucket_id} fw={400}>
                    <Group gap={4}>
                      <LabelBadge label={each.label ?? 'undecided'} labels={job.labels} />
                      <Text size="xs" c="dimmed">
                        {Math.round(each.similarity * 100)} % alike
                      </Text>
                    </Group>
                    <Text size="xs" c="dimmed">
                      {each.event_id !== null && (
                        <Link
                          to="/jobs/$jobId/events/$eventId"
                          params={{ jobId: String(job.job_id), eventId: each.event_id }}
                          aria-label={`Open an event of the bucket ${each.bucket_id}`}
                        >
                          open
                        </Link>
                      )}
                      {each.labelled_by.length > 0 && ` · by ${each.labelled_by.slice(0, 3).join(', ')}`}
                      {each.labelled_at !== null && (
                        <>
                          {' '}
                          <Time at={each.labelled_at} relative />
                        </>
                      )}
                    </Text>
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {points.map((point) => (
                <Table.Tr key={point}>
                  <Table.Th scope="row" fw={400} c="dimmed" className="path">
                    <AlertText text={point} />
                  </Table.Th>
                  <Table.Td className="path">{cellOf(here.get(point))}</Table.Td>
                  {nearest.map((each) => {
                    const other = each.differ.find((differ) => differ.decision_point === point);
                    return (
                      <Table.Td key={each.bucket_id} className={other ? 'path differs' : 'path'}>
                        {other ? (
                          <>
                            <span className="visually-hidden">differs: </span>
                            {cellOf(other.there)}
                          </>
                        ) : (
                          <Text span c="dimmed" size="xs">
                            same
                          </Text>
                        )}
                      </Table.Td>
                    );
                  })}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
    </div>
  );
}

function cellOf(value: unknown) {
  return value === null || value === undefined ? <i>missing</i> : <AlertText text={shown(value)} limit={200} />;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
