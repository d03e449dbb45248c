import { Center, Paper, Title } from '@mantine/core';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { SignInForm } from '../../app/sign-in-form.tsx';

/** Signing in; goes on to where the person wanted to go. */
export function SignInPage() {
  const router = useRouter();
  const { to } = useSearch({ from: '/sign-in' });
  useEffect(() => {
    document.title = 'Sign in · Verdict';
  }, []);
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="lg" w={340}>
        <Title order={1} mb="md">
          Sign in to Verdict
        </Title>
        <SignInForm done={() => router.history.push(to ?? '/jobs')} />
      </Paper>
    </Center>
  );
}
