import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** The app API over integrations: the systems that send events, and the catalogue they are chosen from. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });
const Parameters = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description });
const Title = Type.String({ minLength: 1, maxLength: 200, description: 'What it is called; unique.' });

export const AppIntegrationParams = Type.Object({
  integration_id: Type.Integer({ minimum: 1, description: 'The number of the integration.' }),
});

export const AppSearchQuery = Type.Object({
  search: Type.Optional(Type.String({ maxLength: 200, description: 'Words that must all occur; everything when absent.' })),
});

/** The key of an integration as people see it: never the key itself. */
export const AppIntegrationKey = Type.Object(
  {
    id: Type.Integer({ description: 'Its number.' }),
    name: text('What it is called.'),
    prefix: text('How it starts, for recognition; empty for a pasted one.'),
    last4: text('Its last four characters.'),
    rights: Type.Array(Type.String(), { description: 'What its holder may do.' }),
    expires_at: Nullable(Type.String(), 'When it ends by itself.'),
    revoked_at: Nullable(Type.String(), 'When it was revoked; then no call with it is taken.'),
    last_used_at: Nullable(Type.String(), 'The last call with this key.'),
    made_for_it: Type.Boolean({ description: 'Whether the key was made for this integration and ends with it.' }),
  },
  { description: 'The key of an integration.' },
);

export const AppIntegration = Type.Object(
  {
    integration_id: Type.Integer({ description: 'Its number.' }),
    title: text('What it is called.'),
    type: text('The name of its type.'),
    type_id: Nullable(Type.Integer(), 'The number of its type; null for a type that this version does not know.'),
    parameters: Parameters('Its settings; secrets are masked. A mask that is sent back means unchanged.'),
    key: Nullable(AppIntegrationKey, 'Its key; null where it has none.'),
    used_by: Type.Array(
      Type.Object(
        {
          job_id: Type.Integer({ description: 'The number of the AI use case.' }),
          title: text('Its title.'),
          role: text('What the integration does for it.'),
          enabled: Type.Boolean({ description: 'Whether it takes part.' }),
        },
        { description: 'An AI use case that is wired to it.' },
      ),
      { description: 'Who is wired to it. It cannot be deleted as long as there is one.' },
    ),
    created_at: Type.String({ format: 'date-time', description: 'When it was made.' }),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
  },
  { description: 'An integration.' },
);
export type AppIntegration = Static<typeof AppIntegration>;
export const AppIntegrationList = Type.Array(AppIntegration, { description: 'The integrations, by number.' });

export const AppIntegrationCreate = Type.Object(
  {
    title: Title,
    type: Type.String({ minLength: 1, maxLength: 200, description: 'The name of its type.' }),
    parameters: Type.Optional(Parameters('See the parameters of the type. Without an api_key one is made and shown once.')),
  },
  { description: 'A new integration.', examples: [{ title: 'XSOAR', type: 'Cortex XSOAR', parameters: {} }] },
);
export type AppIntegrationCreate = Static<typeof AppIntegrationCreate>;

export const AppIntegrationChange = Type.Object(
  {
    title: Type.Optional(Title),
    parameters: Type.Optional(Parameters('What is left out stays; an empty text clears a setting.')),
  },
  { description: 'What is left out stays as it is.', examples: [{ parameters: { result_form: 'legacy' } }] },
);
export type AppIntegrationChange = Static<typeof AppIntegrationChange>;

export const AppIntegrationWritten = Type.Object(
  {
    integration: AppIntegration,
    key_value: Nullable(Type.String(), 'The key that was made for it, shown this once; null where none was made here.'),
  },
  { description: 'The integration as it is now, and its new key.' },
);
export type AppIntegrationWritten = Static<typeof AppIntegrationWritten>;

export const AppIntegrationTypeList = Type.Array(
  Type.Object(
    {
      id: Type.Integer({ description: 'Its number.' }),
      name: text('Its name.'),
      description: text('What it connects to.'),
      creatable: Type.Boolean({ description: 'Whether it can be created here.' }),
      roles: Type.Array(Type.String(), { description: 'What it may do for an AI use case.' }),
      parameters: Parameters('JSON Schema of its settings.'),
    },
    { description: 'An integration type.' },
  ),
  { description: 'The integration types that fit the search.' },
);
export type AppIntegrationTypeList = Static<typeof AppIntegrationTypeList>;
