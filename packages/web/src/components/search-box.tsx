import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';

/** Looks through what a page lists while somebody types. */
export function SearchBox({
  name,
  hint,
  width,
  value,
  onChange,
}: {
  /** What is searched, as read aloud. */
  readonly name: string;
  /** Shown while it is empty. */
  readonly hint: string;
  /** In pixels. */
  readonly width: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <TextInput
      aria-label={name}
      placeholder={hint}
      leftSection={<IconSearch size={14} />}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
      w={width}
    />
  );
}
