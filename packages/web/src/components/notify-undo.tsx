import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { focusAgain } from '../app/focus.ts';
import { sentenceOf } from './error-panel.tsx';

const CLOSE = { 'aria-label': 'Close this message' };

/** Fields that have an undo of their own. */
const WRITTEN_IN = 'input:not([readonly], [type=checkbox], [type=radio]), textarea, [contenteditable]';

/** What Ctrl+Z takes back: the newest of what can be; gone with its message. */
let newest: { readonly id: string; readonly undo: () => void } | null = null;

/** Says what was done and offers to take it back for ten seconds, by its button or Ctrl+Z; an undo that fails says why. */
export function notifyUndo(message: string, undo: () => Promise<unknown> | unknown): void {
  const back = async () => {
    notifications.hide(id);
    focusAgain();
    try {
      await undo();
    } catch (error) {
      notifyError(error);
    }
  };
  const id = notifications.show({
    autoClose: 10_000,
    closeButtonProps: CLOSE,
    onClose: () => {
      if (newest?.id === id) newest = null;
    },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        <Button variant="subtle" title="Ctrl+Z" onClick={() => void back()}>
          Undo
        </Button>
      </Group>
    ),
  });
  newest = { id, undo: () => void back() };
}

if (typeof document !== 'undefined')
  document.addEventListener('keydown', (event) => {
    if (newest === null || event.key.toLowerCase() !== 'z' || event.shiftKey || event.altKey) return;
    if (!(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    // In a field it takes back what was typed.
    if (event.target instanceof Element && event.target.closest(WRITTEN_IN)) return;
    event.preventDefault();
    const { undo } = newest;
    newest = null;
    undo();
  });

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
