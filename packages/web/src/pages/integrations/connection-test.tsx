import { Alert, Button, Code, CopyButton, Group, Loader, Stack, Text } from '@mantine/core';
import { IconCheck, IconKeyOff } from '@tabler/icons-react';
import type { AppIntegration } from '@verdict/client/browser';
import { useState } from 'react';
import { Time } from '../../components/time.tsx';

/**
 * Whether the other system reaches this one: it calls us, so the test is that it does. Waits for a call with the key that comes after the
 * dialog was opened; `integration` is asked for anew meanwhile.
 */
export function ConnectionTest({ integration, close }: { readonly integration: AppIntegration; readonly close: () => void }) {
  const { key } = integration;
  const [before] = useState(key?.last_used_at ?? null);
  const came = key?.last_used_at != null && key.last_used_at !== before;
  const command = `curl -H "x-arcanna-api-key: $VERDICT_KEY" ${window.location.origin}/api/v1/health/`;
  if (key === null || key.revoked_at !== null) {
    return (
      <Alert color="red" icon={<IconKeyOff size={18} />} title="It has no key that works">
        Make a new key for it, put that into the other system, and test again.
      </Alert>
    );
  }
  return (
    <Stack gap="sm" aria-live="polite">
      {came ? (
        <Alert color="teal" icon={<IconCheck size={18} />} title="It works">
          A call with its key came in <Time at={key.last_used_at} relative />.
        </Alert>
      ) : (
        <Group gap="sm">
          <Loader size="sm" aria-hidden="true" />
          <Text size="sm">Waiting for a call with its key. This page notices by itself.</Text>
        </Group>
      )}
      <Text size="sm">
        {integration.type === 'Cortex XSOAR'
          ? 'In Cortex XSOAR open the instance and press Test. Or from any machine that reaches this one:'
          : 'Let the other system call, or try from any machine that reaches this one:'}
      </Text>
      <Group align="flex-start" gap="xs" wrap="nowrap">
        <Code block className="command">
          {command}
        </Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      {!came && (
        <Text size="sm" c="dimmed">
          Last call before: {before === null ? 'none' : <Time at={before} relative />}. If none comes: is the address right, does
          the service listen beyond this machine (VERDICT_HOST), does a firewall stand between, is the key the one that starts
          with <Code>{key.prefix}</Code> and ends with <Code>{key.last4}</Code>?
        </Text>
      )}
      <Group justify="flex-end">
        <Button variant={came ? 'filled' : 'default'} onClick={close}>
          {came ? 'Done' : 'Close'}
        </Button>
      </Group>
    </Stack>
  );
}
