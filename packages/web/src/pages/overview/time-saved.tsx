import { Anchor, Button, Group, NumberInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { StatTile } from '../../components/stat-tile.tsx';

/** Hours that people did not spend on alerts decided as they would have; the minutes for each can be changed. */
export function TimeSaved({ job, minutes: saved }: { readonly job: AppJob; readonly minutes: number | undefined }) {
  const client = useQueryClient();
  const may = useCan('decision_points');
  const [editing, setEditing] = useState(false);
  const [minutes, setMinutes] = useState<string | number>(job.settings.minutes_per_alert);
  const save = useMutation({
    mutationFn: (value: number) => api.changeJob(job.job_id, { settings: { minutes_per_alert: value } }),
    onSuccess: async () => {
      setEditing(false);
      await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
      notifyUndo('The assumption is changed.', async () => {
        await api.changeJob(job.job_id, { settings: { minutes_per_alert: job.settings.minutes_per_alert } });
        await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
      });
    },
    onError: notifyError,
  });
  const hours = (saved ?? 0) / 60;
  return (
    <StatTile
      label="Time saved"
      value={saved === undefined ? '…' : `${hours >= 10 ? Math.round(hours).toLocaleString() : hours.toFixed(1)} h`}
      note={
        editing ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (typeof minutes === 'number') save.mutate(minutes);
            }}
          >
            <Group gap={4} wrap="nowrap">
              <NumberInput
                aria-label="Minutes an analyst spends on one alert"
                min={0}
                max={1440}
                value={minutes}
                onChange={setMinutes}
                w={72}
              />
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          </form>
        ) : (
          <>
            at{' '}
            <Anchor component="button" type="button" size="xs" disabled={!may} onClick={() => setEditing(true)}>
              {job.settings.minutes_per_alert} minutes
            </Anchor>{' '}
            an alert, where people agree
          </>
        )
      }
    />
  );
}
