import { Badge, Button, Group, Kbd, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppAgentVote, AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';
import { useShortcuts } from './use-shortcuts.ts';

/** What agents said and nobody has answered yet. Enter confirms the one in focus, D declines it. */
export function AgentVotes({ job, help }: { readonly job: AppJob; readonly help: () => void }) {
  const client = useQueryClient();
  const may = useCan('vote');
  useLive(job.job_id);
  const votes = useQuery({ queryKey: keys.of(job.job_id, 'agent-votes'), queryFn: () => api.agentVotes(job.job_id) });
  const [gone, setGone] = useState<ReadonlySet<number>>(new Set());
  const [at, setAt] = useState(0);
  const shown = (votes.data ?? []).filter(({ vote_id: id }) => !gone.has(id));
  const place = Math.min(at, shown.length - 1);
  const settle = useMutation({
    async mutationFn({ vote, agree }: { readonly vote: AppAgentVote; readonly agree: boolean }) {
      if (agree) await api.confirmAgentVote(job.job_id, vote.vote_id);
      else await api.declineAgentVote(job.job_id, vote.vote_id);
    },
    onMutate: ({ vote }) => setGone((before) => new Set(before).add(vote.vote_id)),
    onSuccess(_, { vote, agree }) {
      void client.invalidateQueries({ queryKey: keys.job(job.job_id), predicate: ({ meta }) => meta?.live !== false });
      if (agree)
        notifyUndo(`${vote.label} counts as your label.`, async () => {
          await api.withdrawVote(job.job_id, vote.event_id);
        });
    },
    onError(error, { vote }) {
      setGone((before) => {
        const next = new Set(before);
        next.delete(vote.vote_id);
        return next;
      });
      notifyError(error);
    },
  });
  const act = (agree: boolean) => {
    const vote = shown[place];
    if (may && vote && !(agree && vote.outdated)) settle.mutate({ vote, agree });
  };
  useShortcuts({
    ArrowUp: () => setAt(Math.max(0, place - 1)),
    ArrowDown: () => setAt(Math.min(shown.length - 1, place + 1)),
    Enter: () => act(true),
    d: () => act(false),
    '?': help,
  });
  if (votes.error) return <ErrorPanel error={votes.error} retry={() => void votes.refetch()} />;
  if (!votes.data) return <Skeleton height={200} />;
  if (shown.length === 0)
    return (
      <EmptyState title="No agent waits for you">
        Votes that agents give over MCP appear here; they count once a person has confirmed them.
      </EmptyState>
    );
  return (
    <Stack gap="xs">
      {shown.map((vote, index) => (
        <Paper
          key={vote.vote_id}
          withBorder
          p="sm"
          component="article"
          aria-label={`Vote of ${vote.by}`}
          className="agent-vote"
          data-focus={index === place || undefined}
        >
          <Group justify="space-between" align="flex-start" wrap="nowrap">
            <div>
              <Group gap="xs">
                <Text size="sm">
                  <b>{vote.by}</b> says
                </Text>
                <LabelBadge label={vote.label} labels={job.labels} />
                <Text size="xs" c="dimmed">
                  of{' '}
                  <Link to="/jobs/$jobId/events/$eventId" params={{ jobId: String(job.job_id), eventId: vote.event_id }}>
                    <AlertText text={vote.event_id} limit={80} />
                  </Link>
                  , <Time at={vote.at} relative />
                </Text>
                {vote.outdated && (
                  <Badge color="yellow" variant="light">
                    the alert has changed since
                  </Badge>
                )}
              </Group>
              {vote.reason !== null && (
                <Text size="sm" c="dimmed" className="note-text">
                  <AlertText text={vote.reason} />
                </Text>
              )}
            </div>
            <Group gap={4} wrap="nowrap">
              <Button disabled={!may || vote.outdated} onClick={() => settle.mutate({ vote, agree: true })}>
                Confirm {index === place && <Kbd ml={6}>Enter</Kbd>}
              </Button>
              <Button variant="default" disabled={!may} onClick={() => settle.mutate({ vote, agree: false })}>
                Decline {index === place && <Kbd ml={6}>D</Kbd>}
              </Button>
            </Group>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
