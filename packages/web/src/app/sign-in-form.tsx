import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ErrorPanel } from '../components/error-panel.tsx';
import { useSigning } from './session.ts';

/** Name and password; `done` is called once they were right. */
export function SignInForm({ name: known = '', done }: { readonly name?: string; readonly done: () => void }) {
  const { signIn } = useSigning();
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
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
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          data-autofocus={known !== ''}
          autoFocus={known !== ''}
        />
        {error !== null && <ErrorPanel error={error} />}
        <Button type="submit" size="sm" loading={busy}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
