import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone } from '../../components/notify-undo.tsx';
import { isRunning } from './job-status.ts';

/** Deleting cannot be undone, so the name has to be typed. */
export function DeleteJob({
  job,
  opened,
  close,
  deleted,
}: {
  readonly job: AppJob;
  readonly opened: boolean;
  readonly close: () => void;
  readonly deleted?: (() => void) | undefined;
}) {
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    async mutationFn() {
      if (isRunning(job)) await api.stopJob(job.job_id);
      return api.deleteJob(job.job_id);
    },
    onSuccess: async () => {
      deleted?.();
      // The row goes first, and the dialog with it: the focus would come back to it.
      await client.invalidateQueries({ queryKey: keys.jobs });
      close();
      notifyDone(`“${job.title}” is deleted.`);
    },
  });
  return (
    <Dialog opened={opened} onClose={close} title={`Delete “${job.title}”?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === job.title) remove.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            Its {job.events.toLocaleString()} events, all feedback and all models go with it, for good. Playbooks that ask it get
            an error from then on.
          </Text>
          <TextInput
            label="Type its title to confirm"
            placeholder={job.title}
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            data-autofocus
            autoComplete="off"
          />
          {remove.error && <ErrorPanel error={remove.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Keep it
            </Button>
            <Button type="submit" color="red" disabled={typed !== job.title} loading={remove.isPending}>
              Delete for good
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
