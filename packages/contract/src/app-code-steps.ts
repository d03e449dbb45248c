import { type Static, Type } from 'typebox';

/** The app API over code steps. Times are RFC 3339 with Z. */

export const AppCodeStepParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  step_id: Type.Integer({ minimum: 1, description: 'The number of the step.' }),
});

const AppCodeStepVersion = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'Its number within the step.' }),
    source_code: Type.String({ description: 'JavaScript: function transform(record) { … return record }' }),
    variables: Type.Array(Type.String(), { description: 'Names of its variables; the values are never shown.' }),
    cpu_seconds: Type.Number({ description: 'Seconds of computing it may use for each event.' }),
    memory_mb: Type.Integer({ description: 'Megabytes of memory it may use.' }),
    saved_at: Type.String({ format: 'date-time', description: 'When.' }),
    saved_by: Type.String({ description: 'Who saved it.' }),
  },
  { description: 'One version of a code step.' },
);

const members = {
  step_id: Type.Integer({ description: 'Its number.' }),
  title: Type.String({ description: 'Its title, unique in the AI use case.' }),
  description: Type.String({ description: 'What it is for.' }),
  position: Type.Integer({ minimum: 1, description: 'Its place in the order in which they run.' }),
  enabled: Type.Boolean({ description: 'Whether it runs.' }),
  current: AppCodeStepVersion,
};

const version = {
  version: 2,
  source_code: "function transform(record) { record.site = record.host.split('-')[0]; return record; }",
  variables: [],
  cpu_seconds: 1,
  memory_mb: 64,
  saved_at: '2026-03-02T09:46:22.363642Z',
  saved_by: 'user:1',
};
const example = { step_id: 3, title: 'Site of the host', description: '', position: 1, enabled: true, current: version };

export const AppCodeStep = Type.Object(members, { description: 'A code step.', examples: [example] });
export type AppCodeStep = Static<typeof AppCodeStep>;

export const AppCodeSteps = Type.Array(AppCodeStep, {
  description: 'Code steps, in the order in which they run.',
  examples: [[example]],
});
export type AppCodeSteps = Static<typeof AppCodeSteps>;

export const AppCodeStepDetails = Type.Object(
  { ...members, versions: Type.Array(AppCodeStepVersion, { description: 'All versions, newest first.' }) },
  { description: 'A code step with all its versions.', examples: [{ ...example, versions: [version] }] },
);
export type AppCodeStepDetails = Static<typeof AppCodeStepDetails>;

export const AppCodeStepChange = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'Whether it runs.' })),
    position: Type.Optional(Type.Integer({ minimum: 1, description: 'Its place in the order, from 1.' })),
    version: Type.Optional(Type.Integer({ minimum: 1, description: 'The version that runs from now on.' })),
  },
  { description: 'What is to change; what is left out stays.', examples: [{ enabled: false }] },
);
export type AppCodeStepChange = Static<typeof AppCodeStepChange>;
