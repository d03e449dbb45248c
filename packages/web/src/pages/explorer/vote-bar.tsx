import { Button, Group, Select, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { LabelButtons, labelShortcuts, offered } from '../feedback/label-buttons.tsx';
import { useShortcuts } from '../feedback/use-shortcuts.ts';
import { votesInWords } from './event-history.tsx';

/** The person's vote on an event, by button or key; for leads also the word above all votes. */
export function VoteBar({ job, event }: { readonly job: AppJob; readonly event: AppEvent }) {
  const client = useQueryClient();
  const may = useCan('vote');
  const lead = useCan('overrule');
  const [overruling, setOverruling] = useState(false);
  const refresh = () =>
    client.invalidateQueries({ queryKey: keys.job(job.job_id), predicate: ({ meta }) => meta?.live !== false });
  const vote = useMutation({
    mutationFn: async (label: string) => {
      const { results } = await api.voteMany(job.job_id, [{ event_id: event.event_id, label }]);
      const result = results[0]!;
      if (result.error !== '') throw new Error(result.error);
      return result.before;
    },
    onSuccess: async (before, label) => {
      await refresh();
      notifyUndo(`Labelled ${label}.`, async () => {
        await api.voteMany(job.job_id, [{ event_id: event.event_id, label: before }]);
        vote.reset();
        await refresh();
      });
    },
    onError: notifyError,
  });
  const lift = useMutation({
    mutationFn: () => api.liftOverrule(job.job_id, event.event_id),
    onSuccess: refresh,
    onError: notifyError,
  });
  useShortcuts(may ? labelShortcuts(job, (label) => vote.mutate(label)) : {});
  const votes = event.consensus?.votes ?? {};
  return (
    <div>
      <Group gap="xs">
        <LabelButtons
          job={job}
          chosen={(vote.isPending ? vote.variables : event.own_label) ?? undefined}
          suggested={null}
          disabled={!may || vote.isPending}
          choose={(label) => vote.mutate(label)}
        />
        {lead && event.consensus?.overruled === true && (
          <Button variant="subtle" loading={lift.isPending} onClick={() => lift.mutate()}>
            Let the votes count again
          </Button>
        )}
        {lead && Object.keys(votes).length > 0 && event.consensus?.overruled !== true && (
          <Button variant="subtle" onClick={() => setOverruling(true)}>
            Overrule…
          </Button>
        )}
      </Group>
      <Text size="xs" c="dimmed" mt={4} mih={18}>
        {event.own_label !== null && `You said ${event.own_label}. `}
        {Object.keys(votes).length > 0
          ? `Votes in the bucket: ${votesInWords(votes)}${event.consensus?.overruled === true ? `; a lead decided ${event.consensus.label}` : ''}.`
          : 'Nobody has labelled its bucket yet.'}
      </Text>
      <Overrule job={job} eventId={event.event_id} opened={overruling} close={() => setOverruling(false)} done={refresh} />
    </div>
  );
}

/** A lead's word over the votes, with a reason that the voters can read. */
export function Overrule({
  job,
  eventId,
  opened,
  close,
  done,
}: {
  readonly job: AppJob;
  readonly eventId: string;
  readonly opened: boolean;
  readonly close: () => void;
  readonly done: () => Promise<unknown> | unknown;
}) {
  const [label, setLabel] = useState<string | null>(null);
  const [reason, setReason] = useState('');
  const overrule = useMutation({
    mutationFn: () => api.overrule(job.job_id, eventId, { label: label ?? '', reason }),
    onSuccess: async () => {
      close();
      setReason('');
      await done();
      notifyUndo(`Overruled: the bucket counts as ${label}.`, async () => {
        await api.liftOverrule(job.job_id, eventId);
        await done();
      });
    },
  });
  return (
    <Dialog opened={opened} onClose={close} title="Decide over the votes">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (label !== null && reason.trim() !== '') overrule.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            Votes stay as they are and are shown; your label is what counts for the whole bucket until you lift it.
          </Text>
          {overrule.error && <ErrorPanel error={overrule.error} />}
          <Select
            label="Label"
            required
            data-autofocus
            data={offered(job).map(({ name }) => name)}
            value={label}
            onChange={setLabel}
          />
          <Textarea
            label="Reason, for those who voted"
            required
            minRows={2}
            autosize
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" disabled={label === null || reason.trim() === ''} loading={overrule.isPending}>
              Overrule
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
