import { Button, Group, Kbd } from '@mantine/core';
import type { AppJob } from '@verdict/client/browser';
import { safeColor } from '../../components/label-badge.tsx';

/** The keys of labels in their order; the letters after the digits are those that do nothing else where labels are given. */
const LABEL_KEYS = '1234567890qwertyfgh';

/** The labels of a use case that are offered, in the order of their keys 1, 2, 3 … */
export function offered(job: AppJob): AppJob['labels'] {
  return job.labels.filter((label) => !label.retired);
}

/** What each label's key does, for `useShortcuts`. Labels beyond the last key have none. */
export function labelShortcuts(job: AppJob, choose: (label: string) => void): Record<string, () => void> {
  const shortcuts: Record<string, () => void> = {};
  for (const [index, { name }] of offered(job).entries()) {
    const key = LABEL_KEYS[index];
    if (key !== undefined) shortcuts[key] = () => choose(name);
  }
  return shortcuts;
}

/** One button for each label, its key printed on it. */
export function LabelButtons({
  job,
  chosen,
  suggested,
  disabled = false,
  keys = true,
  choose,
}: {
  readonly job: AppJob;
  readonly chosen: string | undefined;
  readonly suggested: string | null;
  readonly disabled?: boolean;
  /** Whether the keys work where the buttons stand. */
  readonly keys?: boolean;
  readonly choose: (label: string) => void;
}) {
  return (
    <Group gap="xs" maw="100%" role="group" aria-label="Labels">
      {offered(job).map((label, index) => (
        <Button
          key={label.class_id}
          size="sm"
          maw="100%"
          variant={chosen === label.name ? 'filled' : 'default'}
          disabled={disabled}
          aria-pressed={chosen === label.name}
          leftSection={
            <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <circle cx="5" cy="5" r="5" fill={safeColor(label.hex_color)} />
            </svg>
          }
          rightSection={
            <>
              {keys && index < LABEL_KEYS.length && <Kbd>{LABEL_KEYS[index]!.toUpperCase()}</Kbd>}
              {keys && suggested === label.name && <Kbd ml={4}>Enter</Kbd>}
            </>
          }
          onClick={() => choose(label.name)}
        >
          {label.name}
        </Button>
      ))}
    </Group>
  );
}
