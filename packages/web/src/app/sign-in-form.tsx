import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { ErrorPanel } from '../components/error-panel.tsx';
import { useSigning } from './session.ts';

/** Name and password; `done` is called once they were right. */
export function SignInForm({ name: known = '', done }: { readonly name?: string; readonly done: () => void }) {
  const { signIn } = useSigning();
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(name, password);
      done();
    } catch (refused) {
      setError(refused);
      setPassword('');
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="User name"
          autoComplete="username"
          required
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-autofocus={known === ''}
          autoFocus={known === ''}
        />
        <PasswordInput
          ref={field}
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          data-autofocus={known !== ''}
          autoFocus={known !== ''}
        />
        {error !== null && <ErrorPanel error={error} />}
        {error !== null && (
          <Text size="xs" c="dimmed">
            Is Caps Lock on? A forgotten password is set anew by an administrator, under Settings → Users and roles.
          </Text>
        )}
        <Button type="submit" size="sm" loading={busy}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
