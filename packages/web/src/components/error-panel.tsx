import { Alert, Button, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { type Problem, VerdictError } from '@verdict/client/browser';
import { useEffect, useRef } from 'react';

/** The service's own sentence on what went wrong, each place that is wrong, and a way to try again where that may help. */
export function ErrorPanel({ error, retry }: { readonly error: unknown; readonly retry?: (() => void) | undefined }) {
  const panel = useRef<HTMLDivElement>(null);
  // At the end of a long form it may lie below what is seen.
  useEffect(() => {
    if (error !== null) panel.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  const problems = error instanceof VerdictError ? error.problems : [];
  // The sentence of a call with one problem says the same with a path in front.
  const only = problems.length === 1 && sentenceOf(error).includes(problems[0]!.msg) ? problems[0] : undefined;
  return (
    <Alert ref={panel} color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
      <Text size="sm">{only ? `${problemInWords(only)}.` : sentenceOf(error)}</Text>
      {only === undefined && problems.length > 0 && (
        <List size="sm" mt={4}>
          {problems.map((problem) => (
            <List.Item key={`${problem.loc.join('.')} ${problem.msg}`}>{problemInWords(problem)}</List.Item>
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

const UNREACHABLE =
  'Verdict did not answer: the service may have stopped, or the network is down. What you typed is still here; try again once it is back.';

/** An error as one sentence for people. */
export function sentenceOf(error: unknown): string {
  // The client's own sentence names an address, and a page knows no other than its own.
  if (error instanceof Error && error.name === 'VerdictUnreachable') return UNREACHABLE;
  return error instanceof Error && error.message !== ''
    ? error.message
    : 'Something went wrong in this page. Reload it and try again.';
}

/** `API key must have 16 to 256 characters`: what a person calls the place, and what is wrong with it. */
function problemInWords({ loc, msg }: Problem): string {
  const place = loc
    .slice(1)
    .filter((part) => part !== 'parameters')
    .join('.')
    .replaceAll('_', ' ')
    .replace(/\bapi\b/g, 'API');
  const name = place === '' ? 'The request' : place.charAt(0).toUpperCase() + place.slice(1);
  return /^(is|must|has|may|names|needs|can)\b/.test(msg) ? `${name} ${msg}` : `${name}: ${msg}`;
}
