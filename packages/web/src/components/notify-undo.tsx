import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { sentenceOf } from './error-panel.tsx';

const CLOSE = { 'aria-label': 'Close this message' };

/** Says what was done and offers to take it back for ten seconds; an undo that fails says why. */
export function notifyUndo(message: string, undo: () => Promise<unknown> | unknown): void {
  const id = notifications.show({
    autoClose: 10_000,
    closeButtonProps: CLOSE,
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        <Button
          variant="subtle"
          onClick={async () => {
            notifications.hide(id);
            try {
              await undo();
            } catch (error) {
              notifyError(error);
            }
          }}
        >
          Undo
        </Button>
      </Group>
    ),
  });
}

/** Says that something went wrong, in the service's own sentence, until it is closed. */
export function notifyError(error: unknown): void {
  notifications.show({
    color: 'red',
    title: 'That did not work',
    message: sentenceOf(error),
    autoClose: false,
    closeButtonProps: CLOSE,
  });
}

/** Says what was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, autoClose: 4_000, closeButtonProps: CLOSE });
}
