import { Alert, Button, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { VerdictError } from '@verdict/client/browser';

/** The service's own sentence on what went wrong, each place that is wrong, and a way to try again where that may help. */
export function ErrorPanel({ error, retry }: { readonly error: unknown; readonly retry?: (() => void) | undefined }) {
  const problems = error instanceof VerdictError ? error.problems : [];
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
      <Text size="sm">{sentenceOf(error)}</Text>
      {problems.length > 0 && (
        <List size="sm" mt={4}>
          {problems.map((problem) => (
            <List.Item key={`${problem.loc.join('.')} ${problem.msg}`}>
              {problem.loc.slice(1).join('.') || 'request'}: {problem.msg}
            </List.Item>
          ))}
        </List>
      )}
      {retry && (
        <Button mt="xs" variant="light" color="red" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** An error as one sentence for people. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message !== ''
    ? error.message
    : 'Something went wrong in this page. Reload it and try again.';
}
