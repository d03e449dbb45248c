import { Button, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { isWriting, PartMissing, reload, reloadOnce, wasUpdated } from '../app/parts.ts';
import { notifyDone, notifyError } from './notify-undo.tsx';

const UPDATED = 'verdict-updated';

/**
 * What happens when a part of the page cannot be fetched that is not the page itself: after an update of the service the new app is loaded, or,
 * where somebody is writing, it says so and waits for them.
 */
export function tellMissing(error: unknown): void {
  if (!(error instanceof PartMissing && error.updated)) {
    notifyError(error);
    return;
  }
  if (!isWriting() && reloadOnce()) return;
  notifications.show({
    id: UPDATED,
    title: 'Verdict was updated',
    autoClose: false,
    closeButtonProps: { 'aria-label': 'Close this message' },
    message: (
      <Stack gap="xs" align="flex-start">
        <Text size="sm">This page is of the version before. Save or copy what you are writing, then reload.</Text>
        <Button size="xs" onClick={reload}>
          Reload
        </Button>
      </Stack>
    ),
  });
}

/** After a reload for an update: says why the page was loaded anew. */
export function tellUpdated(): void {
  if (wasUpdated()) notifyDone('Verdict was updated, and this page was loaded anew.');
}
