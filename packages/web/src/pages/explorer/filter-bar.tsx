import { ActionIcon, Autocomplete, Button, Group, Pill, Popover, Select, Stack, TagsInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconFilterPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { type Condition, joinList, OPERATORS, type Operator, splitList } from './explorer-query.ts';
import { titleOf } from './field-titles.ts';
import { useValues } from './use-explorer.ts';

/** The conditions as chips that can be changed and removed, and a form for another. */
export function FilterBar({
  jobId,
  conditions,
  fields,
  onChange,
}: {
  readonly jobId: number;
  readonly conditions: readonly Condition[];
  readonly fields: readonly string[];
  readonly onChange: (conditions: readonly Condition[]) => void;
}) {
  const [editing, setEditing] = useState<number | null>(null);
  const put = (index: number, condition: Condition) => {
    onChange(
      index < conditions.length
        ? conditions.map((each, place) => (place === index ? condition : each))
        : [...conditions, condition],
    );
    setEditing(null);
  };
  return (
    <Group gap={6} flex={1}>
      {conditions.map((condition, index) => (
        <Editor
          key={`${condition.field} ${condition.operator} ${condition.value}`}
          jobId={jobId}
          fields={fields}
          condition={condition}
          opened={editing === index}
          setOpened={(open) => setEditing(open ? index : null)}
          done={(changed) => put(index, changed)}
        >
          <Pill.Group>
            <Pill size="md" className="condition">
              <button
                type="button"
                className="condition-text"
                onClick={() => setEditing(index)}
                aria-label={`Change the filter ${condition.field} ${condition.operator} ${condition.value}`}
              >
                <AlertText text={titleOf(condition.field)} /> <i>{condition.operator}</i>{' '}
                <AlertText text={condition.value} limit={60} />
              </button>
              <ActionIcon
                size={24}
                variant="transparent"
                color="gray"
                aria-label={`Remove the filter ${condition.field}`}
                onClick={() => onChange(conditions.filter((_, place) => place !== index))}
              >
                <IconX size={12} />
              </ActionIcon>
            </Pill>
          </Pill.Group>
        </Editor>
      ))}
      <Editor
        jobId={jobId}
        fields={fields}
        condition={{ field: '', operator: 'is', value: '' }}
        opened={editing === conditions.length}
        setOpened={(open) => setEditing(open ? conditions.length : null)}
        done={(condition) => put(conditions.length, condition)}
      >
        <Button
          variant="default"
          leftSection={<IconFilterPlus size={15} />}
          onClick={() => setEditing(editing === conditions.length ? null : conditions.length)}
        >
          Filter
        </Button>
      </Editor>
    </Group>
  );
}

function Editor({
  jobId,
  fields,
  condition,
  opened,
  setOpened,
  done,
  children,
}: {
  readonly jobId: number;
  readonly fields: readonly string[];
  readonly condition: Condition;
  readonly opened: boolean;
  readonly setOpened: (open: boolean) => void;
  readonly done: (condition: Condition) => void;
  readonly children: React.ReactNode;
}) {
  return (
    <Popover withRoles={false} opened={opened} onChange={setOpened} width={320} position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <div>{children}</div>
      </Popover.Target>
      <Popover.Dropdown>{opened && <Form jobId={jobId} fields={fields} condition={condition} done={done} />}</Popover.Dropdown>
    </Popover>
  );
}

function Form({
  jobId,
  fields,
  condition,
  done,
}: {
  readonly jobId: number;
  readonly fields: readonly string[];
  readonly condition: Condition;
  readonly done: (condition: Condition) => void;
}) {
  const [field, setField] = useState(condition.field);
  const [operator, setOperator] = useState<Operator>(condition.operator);
  const [value, setValue] = useState(condition.value);
  const [typed, setTyped] = useState('');
  const [begin] = useDebouncedValue(operator.endsWith('one of') ? typed : value, 250);
  const values = [
    ...new Set(useValues(jobId, field.trim(), field === condition.field && begin === condition.value ? '' : begin)),
  ];
  const needsValue = !operator.endsWith('exists');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (field !== '' && (!needsValue || value !== ''))
          done({ field: field.trim(), operator, value: needsValue ? value : '' });
      }}
    >
      <Stack gap="xs">
        <Autocomplete
          label="Field"
          data-autofocus
          required
          data={[...fields]}
          limit={30}
          value={field}
          onChange={setField}
          comboboxProps={{ withinPortal: false }}
          size="xs"
        />
        <Select
          label="How"
          data={[...OPERATORS]}
          value={operator}
          allowDeselect={false}
          onChange={(next) => next !== null && setOperator(next as Operator)}
          comboboxProps={{ withinPortal: false }}
        />
        {needsValue && operator.endsWith('one of') && (
          <TagsInput
            label="Values"
            description="Enter after each"
            required
            data={values}
            limit={30}
            value={splitList(value)}
            onChange={(list) => setValue(joinList(list))}
            searchValue={typed}
            onSearchChange={setTyped}
            splitChars={[]}
            acceptValueOnBlur
            comboboxProps={{ withinPortal: false }}
            size="xs"
          />
        )}
        {needsValue && !operator.endsWith('one of') && (
          <Autocomplete
            label="Value"
            required
            data={values}
            limit={30}
            value={value}
            onChange={setValue}
            comboboxProps={{ withinPortal: false }}
            size="xs"
          />
        )}
        <Button type="submit">Apply</Button>
      </Stack>
    </form>
  );
}
