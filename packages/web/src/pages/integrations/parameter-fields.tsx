import { NumberInput, PasswordInput, Select, Stack, Switch, TextInput } from '@mantine/core';

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

/** Fields for the settings that a JSON Schema names: texts, secrets, choices, numbers, switches. What it does not know is a text. */
export function ParameterFields({
  schema,
  values,
  onChange,
}: {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly values: ParameterValues;
  readonly onChange: (values: ParameterValues) => void;
}) {
  const members = Object.entries((schema.properties ?? {}) as Record<string, Member>);
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = values;
    onChange(value === '' || value === null || value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <Stack gap="sm">
      {members.map(([name, member]) => {
        const common = { label: member.title ?? wordsOf(name), description: member.description, required: required.has(name) };
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

function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).replace(/\bapi\b/i, 'API');
}
