import { Button, Group, Popover, Stack, TextInput } from '@mantine/core';
import { IconCalendar } from '@tabler/icons-react';
import { useState } from 'react';

/** A span of time by its two ends, in the person's zone; either may be left open. Says the same as drawing over the chart. */
export function TimeRange({
  from,
  to,
  set,
}: {
  /** RFC 3339, or empty. */
  readonly from: string;
  readonly to: string;
  readonly set: (from: string, to: string) => void;
}) {
  const [opened, setOpened] = useState(false);
  const chosen = from !== '' || to !== '';
  return (
    <Popover opened={opened} onChange={setOpened} width={260} position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <Button
          variant={chosen ? 'light' : 'default'}
          leftSection={<IconCalendar size={15} />}
          onClick={() => setOpened(!opened)}
          aria-label="Choose a time"
        >
          {chosen ? `${short(from) || '…'} – ${short(to) || '…'}` : 'Time'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {opened && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const data = new FormData(event.currentTarget);
              set(absolute(data.get('from')), absolute(data.get('to')));
              setOpened(false);
            }}
          >
            <Stack gap="xs">
              <TextInput type="datetime-local" label="From" name="from" step={1} defaultValue={written(from)} data-autofocus />
              <TextInput type="datetime-local" label="To, exclusive" name="to" step={1} defaultValue={written(to)} />
              <Group justify="flex-end">
                <Button type="submit">Apply</Button>
              </Group>
            </Stack>
          </form>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function short(at: string): string {
  if (at === '') return '';
  return new Date(at).toLocaleString(undefined, {
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
}

/** As the field writes it: the person's own time without a zone. */
function written(at: string): string {
  if (at === '' || Number.isNaN(Date.parse(at))) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function absolute(value: unknown): string {
  return typeof value === 'string' && value !== '' && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : '';
}
