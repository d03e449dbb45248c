import { Modal, Text } from '@mantine/core';
import { giveUpSignIn, lastName } from './sign-in-again.ts';
import { SignInForm } from './sign-in-form.tsx';

/** Above other dialogs too: what was being sent may come from one. */
const ABOVE_ALL = 1_000;

/** Over the page when the session has ended: what was typed stays, and what was being sent is sent once the person is back. */
export function SignInDialog({ opened }: { readonly opened: boolean }) {
  return (
    <Modal opened={opened} onClose={giveUpSignIn} title="Your session has ended" centered zIndex={ABOVE_ALL}>
      <Text size="sm" c="dimmed" mb="sm">
        Sign in again and go on where you were: nothing you typed is lost.
      </Text>
      {opened && <SignInForm name={lastName()} done={() => {}} />}
    </Modal>
  );
}
