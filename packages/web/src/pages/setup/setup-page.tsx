import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { api, keys, queryClient } from '../../app/api.ts';
import { rememberSession } from '../../app/sign-in-again.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';

/** The first administrator, by the link that the terminal showed. */
export function SetupPage() {
  const router = useRouter();
  const state = useQuery({ queryKey: ['setup'], queryFn: () => api.setupState() });
  const [secret, setSecret] = useState(() => window.location.hash.slice(1));
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    document.title = 'First start · Verdict';
    // The secret stays in this page's memory and not in the browser's history.
    const hide = () => window.history.replaceState(window.history.state, '', '/setup');
    // A newer link in the same tab changes only what is behind the #, which loads no page.
    const renew = () => {
      if (window.location.hash.length <= 1) return;
      setSecret(window.location.hash.slice(1));
      setError(null);
      hide();
    };
    hide();
    window.addEventListener('hashchange', renew);
    return () => window.removeEventListener('hashchange', renew);
  }, []);
  const differs = again !== '' && again !== password;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const caller = await api.setUp({ secret, name, password });
      rememberSession(caller);
      queryClient.setQueryData(keys.session, caller);
      await router.navigate({ to: '/jobs' });
    } catch (refused) {
      setError(refused);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="lg" w={420}>
        <Title order={1} mb={4}>
          Welcome to Verdict
        </Title>
        {state.data?.needed === false ? (
          <Text size="sm">
            There is an administrator already, so this link has done its work. <Link to="/sign-in">Sign in</Link>.
          </Text>
        ) : secret === '' ? (
          <Text size="sm">
            Open the whole link that the terminal showed when Verdict started: the part behind the # is missing. A new start shows
            a new one.
          </Text>
        ) : (
          <form onSubmit={submit}>
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                Make the first administrator: the person who adds colleagues and keys. The link serves once.
              </Text>
              <TextInput
                label="User name"
                autoComplete="username"
                required
                autoFocus
                value={name}
                onChange={(e) => setName(e.currentTarget.value)}
              />
              <PasswordInput
                label="Password"
                description="At least 12 characters; a short sentence is easy to remember."
                autoComplete="new-password"
                required
                minLength={12}
                value={password}
                onChange={(e) => setPassword(e.currentTarget.value)}
              />
              <PasswordInput
                label="The password again"
                autoComplete="new-password"
                required
                value={again}
                onChange={(e) => setAgain(e.currentTarget.value)}
                error={differs ? 'This is not the same password.' : undefined}
              />
              {error !== null && <ErrorPanel error={error} />}
              <Button type="submit" size="sm" loading={busy} disabled={differs}>
                Make the administrator and sign in
              </Button>
            </Stack>
          </form>
        )}
      </Paper>
    </Center>
  );
}
