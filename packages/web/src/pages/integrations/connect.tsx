import { Alert, Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppIntegration, AppIntegrationTypeList } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { IntegrationForm } from './integration-form.tsx';
import type { ParameterValues } from './parameter-fields.tsx';

/** The settings that a type asks for; then its key, this once. `test` is called with the number of what was made. */
export function Connect({
  type,
  close,
  test,
}: {
  readonly type: AppIntegrationTypeList[number];
  readonly close: () => void;
  readonly test: (integrationId: number) => void;
}) {
  const client = useQueryClient();
  const [title, setTitle] = useState(type.name);
  const [values, setValues] = useState<ParameterValues>({});
  const create = useMutation({
    mutationFn: () => api.createIntegration({ title: title.trim(), type: type.name, parameters: values }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.integrations }),
  });
  if (create.data) {
    const { integration, key_value: value } = create.data;
    return (
      <Made
        title={title}
        value={value}
        close={close}
        test={() => {
          close();
          test(integration.integration_id);
        }}
      />
    );
  }
  return (
    <IntegrationForm
      type={type}
      title={title}
      setTitle={setTitle}
      values={values}
      setValues={setValues}
      error={create.error}
      saving={create.isPending}
      save={() => create.mutate()}
      saveAs="Confirm"
      close={close}
    />
  );
}

/** Another key for an integration; the one that it has ends at once. */
export function NewKey({ integration, close }: { readonly integration: AppIntegration; readonly close: () => void }) {
  const client = useQueryClient();
  const replace = useMutation({
    mutationFn: () => api.replaceIntegrationKey(integration.integration_id),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.integrations }),
  });
  if (replace.data) return <Made title={integration.title} value={replace.data.key_value} close={close} />;
  return (
    <Stack gap="sm">
      <Text size="sm">
        The old key ends at once: the other system is refused until it has the new one. Do this when the key was lost or seen by
        somebody.
      </Text>
      {replace.error && <ErrorPanel error={replace.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Keep the old one
        </Button>
        <Button loading={replace.isPending} onClick={() => replace.mutate()}>
          Make a new key
        </Button>
      </Group>
    </Stack>
  );
}

function Made({
  title,
  value,
  close,
  test,
}: {
  readonly title: string;
  readonly value: string | null;
  readonly close: () => void;
  readonly test?: () => void;
}) {
  return (
    <Stack gap="sm">
      {value === null ? (
        <Text size="sm">“{title}” is connected, with the key that you gave.</Text>
      ) : (
        <Alert color="yellow" icon={<IconKey size={18} />} title="This key is shown once">
          <Text size="sm" mb="xs">
            Put it into the other system now. Only its hash is kept here; if it is lost, make another.
          </Text>
          <Code block className="secret">
            {value}
          </Code>
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button mt="xs" variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy the key'}
              </Button>
            )}
          </CopyButton>
        </Alert>
      )}
      <Text size="sm" c="dimmed">
        Next: press Test in the other system, and create a use case that takes its alerts.
      </Text>
      <Group justify="flex-end">
        {test && (
          <Button variant="default" onClick={test}>
            Test the connection
          </Button>
        )}
        <Button onClick={close}>Done</Button>
      </Group>
    </Stack>
  );
}
