import { NumberInput, PasswordInput, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core';

/** Settings of an integration by name. */
export type ParameterValues = Readonly<Record<string, unknown>>;

interface Member {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly writeOnly?: boolean;
  readonly format?: string;
}

/** The setting that is a key: its words in the schema are for documents, not for people at a form. */
const KEY = 'api_key';
const KEY_WORDS =
  'Leave it empty: a new key is made and shown once. Or give the name of an input key, or paste the key that the system has.';

/**
 * Fields for the settings that a JSON Schema names: texts, secrets, choices, lists, numbers, switches. What it does not know is a text.
 * @param withKey whether the key is among them; one that is there already is replaced elsewhere.
 */
export function ParameterFields({
  schema,
  values,
  onChange,
  withKey = true,
}: {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly values: ParameterValues;
  readonly onChange: (values: ParameterValues) => void;
  readonly withKey?: boolean;
}) {
  const members = Object.entries((schema.properties ?? {}) as Record<string, Member>).filter(([name]) => withKey || name !== KEY);
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = values;
    onChange(value === '' || value === null || value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <Stack gap="sm">
      {members.map(([name, member]) => {
        const description = name === KEY ? KEY_WORDS : member.description;
        const common = { label: member.title ?? wordsOf(name), description, required: required.has(name) };
        const text = typeof values[name] === 'string' ? values[name] : '';
        if (member.enum)
          return (
            <Select
              key={name}
              {...common}
              data={[...member.enum]}
              value={text || (typeof member.default === 'string' ? member.default : null)}
              onChange={(value) => set(name, value)}
            />
          );
        if (member.type === 'array')
          return (
            <TagsInput
              key={name}
              {...common}
              placeholder="Type one and press Enter"
              value={listOf(values[name] ?? member.default)}
              onChange={(value) => set(name, value)}
              acceptValueOnBlur
            />
          );
        if (member.type === 'boolean')
          return (
            <Switch
              key={name}
              label={common.label}
              description={common.description}
              checked={Boolean(values[name] ?? member.default)}
              onChange={(e) => set(name, e.currentTarget.checked)}
            />
          );
        if (member.type === 'integer' || member.type === 'number')
          return (
            <NumberInput
              key={name}
              {...common}
              value={typeof values[name] === 'number' ? values[name] : ''}
              onChange={(value) => set(name, typeof value === 'number' ? value : undefined)}
            />
          );
        if (member.writeOnly || member.format === 'password' || /key|secret|password|token/i.test(name))
          return (
            <PasswordInput
              key={name}
              {...common}
              autoComplete="off"
              value={text}
              onChange={(e) => set(name, e.currentTarget.value)}
            />
          );
        return <TextInput key={name} {...common} value={text} onChange={(e) => set(name, e.currentTarget.value)} />;
      })}
    </Stack>
  );
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).replace(/\bapi\b/i, 'API');
}
