import { Modal, type ModalProps } from '@mantine/core';
import { useLayoutEffect } from 'react';
import { focusAgain, lastFocus } from '../app/focus.ts';

/** A dialog over the page. When it goes, by whatever way and with whatever row it belongs to, the focus is where it was before. */
export function Dialog(props: Omit<ModalProps, 'returnFocus'>) {
  const { opened } = props;
  useLayoutEffect(() => {
    if (!opened) return;
    const before = lastFocus();
    return () => focusAgain(before);
  }, [opened]);
  return <Modal {...props} returnFocus={false} />;
}
