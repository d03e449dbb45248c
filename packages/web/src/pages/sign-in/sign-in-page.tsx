import { Center, Paper, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api } from '../../app/api.ts';
import { SignInForm } from '../../app/sign-in-form.tsx';

/** Signing in; goes on to where the person wanted to go. */
export function SignInPage() {
  const router = useRouter();
  const { to } = useSearch({ from: '/sign-in' });
  const state = useQuery({ queryKey: ['setup'], queryFn: () => api.setupState() });
  useEffect(() => {
    document.title = 'Sign in · Verdict';
  }, []);
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="lg" w={340}>
        <Title order={1} mb="md">
          Sign in to Verdict
        </Title>
        {state.data?.needed && (
          <Text size="sm" mb="md">
            Nobody can sign in yet: open the set-up link that the terminal showed when Verdict started. It makes the first
            administrator.
          </Text>
        )}
        <SignInForm done={() => router.history.push(to ?? '/jobs')} />
      </Paper>
    </Center>
  );
}
