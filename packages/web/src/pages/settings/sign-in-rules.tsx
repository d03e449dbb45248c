import { List, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';

/** The rules of signing in, which are the same for everybody. */
export function SignInRules() {
  const about = useQuery({ queryKey: ['about'], queryFn: () => api.about() });
  const { data } = about;
  return (
    <Stack maw={640} gap="md">
      {about.error && <ErrorPanel error={about.error} />}
      <Paper withBorder p="md">
        <Title order={2} mb="xs">
          Signing in
        </Title>
        {!data && !about.error && <Skeleton height={120} />}
        {data && (
          <List size="sm" spacing={4}>
            <List.Item>
              People sign in with a user name and a password of at least 12 characters; only its Argon2 hash is kept.
            </List.Item>
            <List.Item>
              A session ends {span(data.session_idle_seconds)} after the last call, and after {span(data.session_longest_seconds)}{' '}
              in any case. What was typed stays: the page asks for the password and goes on.
            </List.Item>
            <List.Item>
              After {data.free_failures} wrong passwords in a row for a name, each further try has to wait, at first a second,
              then twice as long each time, at most {span(data.longest_wait_seconds)}. Nobody is locked out for good.
            </List.Item>
            <List.Item>A new password, another role or disabling somebody ends all of their sessions at once.</List.Item>
          </List>
        )}
      </Paper>
      <Text size="sm" c="dimmed">
        These rules are fixed in this version. Forgotten passwords: an administrator sets a new one under Users and roles; at the
        machine itself <code>npm run verdict -- users</code> does.
      </Text>
    </Stack>
  );
}

function span(seconds: number): string {
  if (seconds % 86_400 === 0) return many(seconds / 86_400, 'day');
  if (seconds % 3_600 === 0) return many(seconds / 3_600, 'hour');
  return many(Math.round(seconds / 60), 'minute');
}

function many(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
