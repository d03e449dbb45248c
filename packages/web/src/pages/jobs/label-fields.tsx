import { ActionIcon, Button, ColorInput, Group, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef } from 'react';

/** A label in a form; `key` tells it from the others while its name is being typed. */
export interface DraftLabel {
  readonly key: number;
  readonly name: string;
  readonly color: string;
}

const MORE_COLORS = ['#6366f1', '#0ea5e9', '#a855f7', '#64748b'];
const FEWEST = 2;
const MOST = 20;

/** Names and colours of labels, in their order; two at least. */
export function LabelFields<L extends DraftLabel>({
  labels,
  onChange,
  fresh,
}: {
  readonly labels: readonly L[];
  readonly onChange: (labels: readonly L[]) => void;
  /** Makes a whole label of a new one. */
  readonly fresh: (label: DraftLabel) => L;
}) {
  const rows = useRef<HTMLDivElement>(null);
  const change = (key: number, part: Partial<DraftLabel>) =>
    onChange(labels.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const focusOn = (place: number) =>
    // Where there is one more or one fewer once React has drawn it.
    setTimeout(() => rows.current?.querySelectorAll<HTMLElement>('[data-name]')[place]?.focus());
  const add = () => {
    const key = Math.max(-1, ...labels.map((each) => each.key)) + 1;
    onChange([...labels, fresh({ key, name: '', color: MORE_COLORS[labels.length % MORE_COLORS.length]! })]);
    focusOn(labels.length);
  };
  const remove = (place: number) => {
    onChange(labels.toSpliced(place, 1));
    focusOn(Math.min(place, labels.length - 2));
  };
  return (
    <fieldset className="plain">
      <legend>Labels</legend>
      <Stack gap={6} ref={rows}>
        {labels.map((label, place) => (
          <Group key={label.key} gap={6} wrap="nowrap">
            <ColorInput
              aria-label={`Colour of ${label.name || 'the new label'}`}
              w={112}
              size="xs"
              format="hex"
              withEyeDropper={false}
              value={label.color}
              onChange={(color) => change(label.key, { color })}
            />
            <TextInput
              aria-label="Name of the label"
              required
              data-name
              flex={1}
              maxLength={100}
              value={label.name}
              onChange={(e) => change(label.key, { name: e.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${label.name || 'the new label'}`}
              disabled={labels.length <= FEWEST}
              title={labels.length <= FEWEST ? 'A use case has two labels at least' : undefined}
              onClick={() => remove(place)}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          disabled={labels.length >= MOST}
          title={labels.length >= MOST ? `A use case has ${MOST} labels at most` : undefined}
          onClick={add}
        >
          Add a label
        </Button>
      </Stack>
    </fieldset>
  );
}
