import { Button, Paper, PasswordInput, SegmentedControl, Stack, Text, Title, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useSession } from '../../app/session.ts';
import { rememberSession } from '../../app/sign-in-again.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone } from '../../components/notify-undo.tsx';

/** Colours, and the person's own password. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const session = useSession();
  return (
    <Stack maw={420} gap="md">
      <Paper withBorder p="md">
        <Title order={2} mb="xs">
          Colours
        </Title>
        <SegmentedControl
          aria-label="Colours"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </Paper>
      <Paper withBorder p="md">
        <Title order={2} mb={4}>
          Your password
        </Title>
        <Text size="sm" c="dimmed" mb="sm">
          {session ? `Signed in as ${session.name}, ${session.role}. ` : ''}A change ends your sessions in other browsers.
        </Text>
        <OwnPassword />
      </Paper>
    </Stack>
  );
}

function OwnPassword() {
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () => api.changeOwnPassword({ current_password: current, new_password: next }),
    onSuccess: (caller) => {
      rememberSession(caller);
      client.setQueryData(keys.session, caller);
      setCurrent('');
      setNext('');
      notifyDone('Your password is changed.');
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(e) => setCurrent(e.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description="At least 12 characters."
          autoComplete="new-password"
          required
          minLength={12}
          value={next}
          onChange={(e) => setNext(e.currentTarget.value)}
        />
        {change.error && <ErrorPanel error={change.error} />}
        <Button type="submit" w="fit-content" loading={change.isPending}>
          Change password
        </Button>
      </Stack>
    </form>
  );
}
