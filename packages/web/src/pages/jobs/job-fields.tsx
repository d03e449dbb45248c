import { Textarea, TextInput } from '@mantine/core';

interface FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The title of a use case; a dialog's focus begins here. */
export function TitleField({ value, onChange }: FieldProps) {
  return (
    <TextInput
      label="Title"
      required
      maxLength={200}
      placeholder="Endpoint alerts"
      // Whether the form is there before the dialog looks for it, or after.
      data-autofocus
      autoFocus
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}

/** What a use case is for. */
export function DescriptionField({ value, onChange }: FieldProps) {
  return (
    <Textarea
      label="Description"
      maxLength={10_000}
      autosize
      minRows={1}
      maxRows={6}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}
