import { Badge, Button, Group, Paper, PasswordInput, Select, Skeleton, Stack, Table, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppUser, AppUserChange, UserRole } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone, notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';

const ROLES: { value: UserRole; label: string }[] = [
  { value: 'analyst', label: 'Analyst: labels and asks' },
  { value: 'lead', label: 'Lead: also trains, overrules, opens the guard' },
  { value: 'admin', label: 'Administrator: also users, keys, integrations' },
];

/** The people who can sign in. Nobody is removed, only disabled: what they did keeps their name. */
export function Users() {
  const users = useQuery({ queryKey: keys.users, queryFn: () => api.users() });
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Group justify="flex-end" mb="sm">
        <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          Add a user
        </Button>
      </Group>
      {users.error && <ErrorPanel error={users.error} retry={() => void users.refetch()} />}
      {users.isPending && <Skeleton height={120} />}
      {users.data && (
        <Paper withBorder>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>Last sign-in</Table.Th>
                <Table.Th>Added</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {users.data.map((user) => (
                <Row key={user.user_id} user={user} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      <Dialog opened={adding} onClose={() => setAdding(false)} title="Add a user">
        {adding && <Add close={() => setAdding(false)} />}
      </Dialog>
    </>
  );
}

function Row({ user }: { readonly user: AppUser }) {
  const [setting, setSetting] = useState(false);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: keys.users });
  const change = useMutation({
    mutationFn: (to: AppUserChange) => api.changeUser(user.user_id, to),
    onSuccess: async (now) => {
      await refresh();
      notifyUndo(`${user.name} is ${now.disabled ? 'disabled' : `now ${now.role}`}. Their sessions ended.`, async () => {
        await api.changeUser(user.user_id, { role: user.role, disabled: user.disabled });
        await refresh();
      });
    },
    onError: notifyError,
  });
  return (
    <Table.Tr>
      <Table.Td>
        {user.name}{' '}
        {user.disabled && (
          <Badge color="gray" variant="light">
            disabled
          </Badge>
        )}
      </Table.Td>
      <Table.Td>
        <Select
          aria-label={`Role of ${user.name}`}
          data={ROLES}
          value={user.role}
          allowDeselect={false}
          w={340}
          disabled={user.disabled}
          onChange={(role) => role !== null && role !== user.role && change.mutate({ role: role as UserRole })}
        />
      </Table.Td>
      <Table.Td>
        <Time at={user.last_sign_in_at} relative />
      </Table.Td>
      <Table.Td>
        <Time at={user.created_at} />
      </Table.Td>
      <Table.Td ta="right">
        <Button
          variant="subtle"
          disabled={user.disabled}
          onClick={() => setSetting(true)}
          aria-label={`New password for ${user.name}`}
        >
          New password
        </Button>
        <Dialog opened={setting} onClose={() => setSetting(false)} title={`A new password for ${user.name}`}>
          {setting && <NewPassword user={user} close={() => setSetting(false)} />}
        </Dialog>
        <Button
          variant="subtle"
          color={user.disabled ? 'teal' : 'red'}
          loading={change.isPending}
          aria-label={`${user.disabled ? 'Enable' : 'Disable'} ${user.name}`}
          onClick={() => change.mutate({ disabled: !user.disabled })}
        >
          {user.disabled ? 'Enable' : 'Disable'}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function NewPassword({ user, close }: { readonly user: AppUser; readonly close: () => void }) {
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => api.setPassword(user.user_id, password),
    onSuccess: () => {
      close();
      notifyDone(`${user.name} has a new password; their sessions ended. Tell it to them, and ask them to change it.`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="New password"
          description="At least 12 characters. All of their sessions end."
          required
          minLength={12}
          data-autofocus
          autoComplete="new-password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
        />
        {save.error && <ErrorPanel error={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            Set the password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Add({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<UserRole>('analyst');
  const add = useMutation({
    mutationFn: () => api.addUser({ name, role, password }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.users });
      close();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="User name"
          required
          data-autofocus
          autoComplete="off"
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <Select
          label="Role"
          data={ROLES}
          value={role}
          allowDeselect={false}
          onChange={(value) => value !== null && setRole(value as UserRole)}
        />
        <PasswordInput
          label="First password"
          description="At least 12 characters. They can change it under Settings."
          required
          minLength={12}
          autoComplete="new-password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
        />
        {add.error && <ErrorPanel error={add.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
