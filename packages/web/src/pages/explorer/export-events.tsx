import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { verdict } from '../../app/api.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { type ExplorerState, queryOf } from './explorer-query.ts';

/** How often the progress is drawn, in milliseconds. */
const SHOW_EVERY = 200;

/**
 * Saves all events that fit as a file: the columns shown as CSV, or whole events as one JSON a line. The service sends them as it finds
 * them; how far it is stands in a notification, which also ends it.
 */
export async function exportEvents(jobId: number, state: ExplorerState, asOf: number, kind: 'csv' | 'ndjson'): Promise<void> {
  const control = new AbortController();
  const id = notifications.show({
    autoClose: false,
    withCloseButton: false,
    message: <Going done={0} total={null} stop={control} />,
  });
  try {
    const answer = await verdict.export(
      jobId,
      {
        format: kind,
        query: queryOf(state, asOf),
        ...(kind === 'csv'
          ? { columns: ['id', '@timestamp', ...state.columns.filter((column) => column !== '@timestamp')] }
          : {}),
      },
      control.signal,
    );
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let lines = kind === 'csv' ? -1 : 0;
    let shown = 0;
    for await (const part of chunksOf(answer.body)) {
      parts.push(part);
      for (const byte of part) if (byte === 10) lines++;
      if (Date.now() - shown > SHOW_EVERY) {
        shown = Date.now();
        notifications.update({ id, message: <Going done={Math.max(0, lines)} total={answer.total} stop={control} /> });
      }
    }
    save(new Blob(parts, { type: kind === 'csv' ? 'text/csv' : 'application/x-ndjson' }), `events-${jobId}.${kind}`);
    notifyDone(`${answer.total.toLocaleString()} ${answer.total === 1 ? 'event is' : 'events are'} saved.`);
  } catch (error) {
    if (control.signal.aborted) notifyDone('The export was stopped; nothing was saved.');
    else notifyError(error);
  } finally {
    notifications.hide(id);
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function Going({ done, total, stop }: { readonly done: number; readonly total: number | null; readonly stop: AbortController }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">
          {total === null ? 'Looking for the events…' : `${done.toLocaleString()} of ${total.toLocaleString()} events`}
        </Text>
        <Button variant="subtle" onClick={() => stop.abort()}>
          Stop
        </Button>
      </Group>
      <Progress value={total === null || total === 0 ? 0 : (done / total) * 100} size="xs" aria-label="Exported so far" />
    </Stack>
  );
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
