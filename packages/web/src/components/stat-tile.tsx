import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** One figure with what it is and, below, what to compare it to. */
export function StatTile({
  label,
  value,
  note,
}: {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}) {
  return (
    <Paper withBorder p="sm" className="stat-tile">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="xl" fw={600} component="div">
        {value}
      </Text>
      {note !== undefined && (
        <Text size="xs" c="dimmed" component="div">
          {note}
        </Text>
      )}
    </Paper>
  );
}
