import { type Static, Type } from 'typebox';
import { examplesOf, Lenient, Nullable, Open, RequestStatus, SHORT_TEXT_CHARS_MAX } from './common.ts';
import { JOB_CATEGORIES, RETRAIN_BLOCKERS, ROLES } from './v2-catalogue.ts';

/** Jobs, integrations and API keys as a document: `/api/v2/resources` and its schema and metadata endpoints. */

export const RESOURCE_TYPES = ['api_key', 'integration', 'job'] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

const text = (description: string) => Type.String({ description });
const textOrNull = (description: string) => Nullable(Type.String(), description);
const Title = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
const Short = Type.String({ maxLength: SHORT_TEXT_CHARS_MAX });
const AnyMembers = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description });
/** Query members come as text; some clients write booleans as Python does. */
const Flag = (description: string) => Type.Optional(Type.String({ pattern: '^([Tt]rue|[Ff]alse|)$', description }));

export const ApiKeyProperties = Open(
  { name: Title('What it is called; unique.') },
  { description: 'An input key.', examples: [{ name: 'soar' }] },
);
export type ApiKeyProperties = Static<typeof ApiKeyProperties>;

export const IntegrationProperties = Open(
  {
    title: Title('What it is called; unique.'),
    integration_type: text('The name of its type, such as Cortex XSOAR.'),
    parameters: Lenient(AnyMembers('See the parameters schema of the type.'), 'Settings of the connection.'),
  },
  {
    description: 'A connection to another system.',
    examples: [{ title: 'XSOAR', integration_type: 'Cortex XSOAR', parameters: { api_key: "{{api_keys(name='soar')}}" } }],
  },
);
export type IntegrationProperties = Static<typeof IntegrationProperties>;

const blockerMembers = Object.fromEntries(
  Object.entries(RETRAIN_BLOCKERS).map(([name, when]) => [name, Lenient(Type.Boolean(), when)]),
) as Record<keyof typeof RETRAIN_BLOCKERS, ReturnType<typeof Lenient<ReturnType<typeof Type.Boolean>>>>;

export const AutoRetrain = Open(
  {
    enabled: Lenient(Type.Boolean(), 'Whether it trains by itself.'),
    cron: Lenient(Short, 'When, as a cron expression of five fields in UTC.'),
    blockers: Lenient(Open(blockerMembers, { description: 'What holds it back.' }), 'What holds it back.'),
  },
  {
    description: 'Training by itself.',
    examples: [{ enabled: true, cron: '0 2 * * *', blockers: { undecided_consensus: true } }],
  },
);
export type AutoRetrain = Static<typeof AutoRetrain>;

export const LabelProperties = Open(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'The name of the label.' }),
    hex_color: Lenient(Type.String({ pattern: '^#[0-9A-Fa-f]{6}$' }), 'Its colour.'),
  },
  { description: 'A label of a job.', examples: [{ name: 'Drop', hex_color: '#10b981' }] },
);
export type LabelProperties = Static<typeof LabelProperties>;

export const PipelineIntegration = Open(
  {
    resource: text("A name in the same document, a stored title, or {{integrations(title='…')}}."),
    integration_type: Type.Enum([...ROLES], { description: 'Its role in the job.' }),
    enabled: Lenient(Type.Boolean(), 'Whether it takes part; true when absent.'),
    auto_id: Lenient(Type.Union([Type.String(), Type.Integer()]), 'The number of the entry, given by Verdict.'),
    storage_tag: Lenient(Short, 'A tag for the events of this input.'),
    storage_tag_display_name: Lenient(Short, 'How people see that tag.'),
    parameters: Lenient(AnyMembers('Settings.'), 'Settings of this role.'),
  },
  {
    description: 'An integration in the pipeline of a job.',
    examples: [{ resource: 'XSOAR', integration_type: 'input', enabled: true, parameters: {} }],
  },
);
export type PipelineIntegration = Static<typeof PipelineIntegration>;

export const JobProperties = Open(
  {
    title: Title('What it is called; unique.'),
    description: Lenient(Type.String({ maxLength: 10_000 }), 'What it is for.'),
    category: Type.String({ description: `One of: ${JOB_CATEGORIES.map((category) => category.name).join(', ')}.` }),
    decision_points: Lenient(Type.Array(Short), 'Paths that the decision may depend on; may be chosen later.'),
    feedback_columns: Lenient(Type.Array(Short), 'Paths shown on the feedback page.'),
    advanced_settings: Lenient(
      Open(
        {
          custom_labels: Lenient(Type.Array(LabelProperties), 'Its labels; Escalate, Drop and Investigate when absent.'),
          auto_retrain: Lenient(AutoRetrain, 'Training by itself.'),
          monitoring_settings: Lenient(AnyMembers('Any settings.'), 'Kept as they come.'),
        },
        { description: 'Labels and training.' },
      ),
      'Labels and training.',
    ),
    pipeline_integrations: Lenient(Type.Array(PipelineIntegration), 'The integrations it uses, in their roles.'),
    remove_missing_pipeline_integrations: Lenient(Type.Boolean(), 'Whether those not named are taken out; false when absent.'),
  },
  {
    description: 'A job. It is stopped until someone starts it.',
    examples: [
      {
        title: 'Endpoint alerts',
        category: 'Decision intelligence',
        decision_points: ['rule.name', 'host.os'],
        pipeline_integrations: [{ resource: 'XSOAR', integration_type: 'input', enabled: true, parameters: {} }],
      },
    ],
  },
);
export type JobProperties = Static<typeof JobProperties>;

const documentExample = {
  key: { type: 'api_key', properties: { name: 'soar' } },
  soar: { type: 'integration', properties: { title: 'XSOAR', integration_type: 'Cortex XSOAR', parameters: { api_key: 'key' } } },
  job: {
    type: 'job',
    properties: {
      title: 'Endpoint alerts',
      category: 'Decision intelligence',
      decision_points: [],
      pipeline_integrations: [{ resource: 'soar', integration_type: 'input', enabled: true, parameters: {} }],
    },
  },
};

const dependsOn = Lenient(Type.Array(Type.String()), 'Names in the same document that come first.');
export const Resource = Type.Union(
  [
    Open({ type: Type.Literal('api_key'), properties: ApiKeyProperties, depends_on: dependsOn }, { description: 'An API key.' }),
    Open(
      { type: Type.Literal('integration'), properties: IntegrationProperties, depends_on: dependsOn },
      { description: 'An integration.' },
    ),
    Open({ type: Type.Literal('job'), properties: JobProperties, depends_on: dependsOn }, { description: 'A job.' }),
  ],
  { description: 'One resource of a document.', examples: Object.values(documentExample) },
);
export type Resource = Static<typeof Resource>;

/** Resources by the name they have within the document. */
export const ResourceMap = Type.Record(Type.String(), Resource, {
  description: 'Resources by a name that the others of the document refer to.',
  examples: [documentExample],
});
export type ResourceMap = Static<typeof ResourceMap>;

/** Body of `POST /api/v2/resources`, in its wrapper or as a bare map. */
export const ResourcesRequest = Type.Union(
  [Open({ resources: ResourceMap }, { description: 'A document.', examples: [{ resources: documentExample }] }), ResourceMap],
  { description: 'What should be there. All of it is done, or nothing.', examples: [{ resources: documentExample }] },
);
export type ResourcesRequest = Static<typeof ResourcesRequest>;

export const OverwriteQuery = Open(
  { overwrite: Flag('Whether what exists under the same title is changed; false when absent.') },
  { description: 'What happens to existing titles.', examples: [{ overwrite: 'true' }] },
);

export const ResourceItem = Type.Object(
  {
    type: Type.Enum([...RESOURCE_TYPES], { description: 'The kind of resource.' }),
    resource_name: text('Its name in the document.'),
    title: text('Its title, or the name of a key.'),
    internal_id: Type.Integer({ description: 'Its number.' }),
    url: text('Where a person finds it.'),
    value: Type.Optional(text('The key itself, for a new API key; shown this once.')),
  },
  {
    description: 'A resource that was created or changed.',
    examples: [
      { type: 'job', resource_name: 'job', title: 'Endpoint alerts', internal_id: 1201, url: 'http://localhost:9666/jobs/1201' },
    ],
  },
);
export type ResourceItem = Static<typeof ResourceItem>;

/** Answer of `POST /api/v2/resources`. */
export const ResourcesAnswer = Type.Object(
  {
    request: RequestStatus,
    created: Type.Array(ResourceItem, { description: 'What is new.' }),
    updated: Type.Array(ResourceItem, { description: 'What was changed.' }),
  },
  {
    description: 'What the document did; nothing, where status is NOK.',
    examples: [{ request: { status: 'OK', reason: '', reason_details: '' }, created: [], updated: [] }],
  },
);
export type ResourcesAnswer = Static<typeof ResourcesAnswer>;

/** Query of GET and DELETE `/api/v2/resources`. */
export const ResourceQuery = Open(
  {
    resource_type: Type.Optional(Type.String({ description: `One of: ${RESOURCE_TYPES.join(', ')}.` })),
    title: Type.Optional(Type.String({ description: 'The title, or the name of a key.' })),
    id: Type.Optional(Type.String({ description: 'The number.' })),
  },
  { description: 'Which resources.', examples: [{ resource_type: 'job', title: 'Endpoint alerts' }] },
);
export type ResourceQuery = Static<typeof ResourceQuery>;

/** A job as GET shows it, under its title; minimal (`id`, `title`) when neither title nor id was given. */
export const JobResourceView = Type.Record(
  Type.String(),
  Type.Object({
    type: Type.Literal('job'),
    properties: Type.Unsafe<{ id: number; title: string } & Partial<JobProperties>>({
      type: 'object',
      required: ['id', 'title'],
      properties: { id: { type: 'integer' }, title: { type: 'string' } },
      additionalProperties: true,
      description: 'Its number, and its properties as in a document.',
    }),
  }),
  {
    description: 'A job under its title.',
    examples: [{ 'Endpoint alerts': { type: 'job', properties: { id: 1201, title: 'Endpoint alerts' } } }],
  },
);
export type JobResourceView = Static<typeof JobResourceView>;

export const IntegrationResourceView = Type.Object(
  {
    id: Type.Integer({ description: 'Its number.' }),
    title: text('What it is called.'),
    subcategory_id: Type.Integer({ description: 'The number of its type.' }),
    integration_type: text('The name of its type.'),
    parameters: AnyMembers('Its settings; secrets are masked.'),
  },
  {
    description: 'An integration.',
    examples: [
      { id: 1001, title: 'XSOAR', subcategory_id: 1, integration_type: 'Cortex XSOAR', parameters: { api_key: '********' } },
    ],
  },
);
export type IntegrationResourceView = Static<typeof IntegrationResourceView>;

export const ApiKeyResourceView = Type.Object(
  {
    id: Type.Integer({ description: 'Its number.' }),
    name: text('What it is called.'),
    created_at: text('RFC 3339.'),
    expires_at: textOrNull('RFC 3339; null where it does not end by itself.'),
    last_used_at: textOrNull('RFC 3339; null where it was never used.'),
    scopes: Type.Array(Type.String(), { description: 'Empty for an input key.' }),
  },
  {
    description: 'An API key, never its value.',
    examples: [
      { id: 1, name: 'soar', created_at: '2021-09-02T09:46:22.363642Z', expires_at: null, last_used_at: null, scopes: [] },
    ],
  },
);
export type ApiKeyResourceView = Static<typeof ApiKeyResourceView>;

/** Answer of `GET /api/v2/resources`. */
export const ResourceList = Type.Array(Type.Union([IntegrationResourceView, ApiKeyResourceView, JobResourceView]), {
  description: 'The resources; each kind has its own shape.',
  examples: [examplesOf(IntegrationResourceView), examplesOf(ApiKeyResourceView), examplesOf(JobResourceView)],
});
export type ResourceList = Static<typeof ResourceList>;

/** Query of the schema and metadata endpoints of integrations; `integration_type` is the same as `type`. */
export const IntegrationTypeQuery = Open(
  {
    integration_type: Type.Optional(text('The name of an integration type.')),
    type: Type.Optional(text('The same.')),
    role: Type.Optional(text('A role in the pipeline.')),
  },
  { description: 'Which integration types.', examples: [{ type: 'Cortex XSOAR', role: 'input' }] },
);
export type IntegrationTypeQuery = Static<typeof IntegrationTypeQuery>;

/** Answer of the parameters schema endpoint. */
export const ParametersSchemaAnswer = Type.Object(
  {
    type: Type.Literal('object'),
    properties: Type.Record(Type.String(), AnyMembers('JSON Schema of the parameters.'), { description: 'By name of the type.' }),
  },
  { description: 'JSON Schemas by integration type.', examples: [{ type: 'object', properties: {} }] },
);

const typeMembers = {
  id: Type.Integer({ description: 'Its number; subcategory_id of its integrations.' }),
  name: text('Its name.'),
  description: text('What it connects to.'),
  creatable: Type.Boolean({ description: 'Whether it can be created here.' }),
  roles: Type.Array(Type.String(), { description: 'What it may do for a job.' }),
  roles_details: Type.Record(Type.String(), Type.String(), { description: 'The same in sentences.' }),
  pipeline_role_identifiers: Type.Array(Type.String(), {
    description: 'What integration_type of an entry in a pipeline may be.',
  }),
};
const typeExample = {
  id: 1,
  name: 'Cortex XSOAR',
  description: 'Playbooks of Cortex XSOAR send alerts, ask for decisions and give feedback.',
  creatable: true,
  roles: ['input'],
  roles_details: { input: 'Events come in through it; its API key is the key of the SOAR.' },
  pipeline_role_identifiers: ['input'],
};
export const IntegrationTypeView = Type.Object(typeMembers, { description: 'An integration type.', examples: [typeExample] });
export type IntegrationTypeView = Static<typeof IntegrationTypeView>;
export const IntegrationTypeList = Type.Object(
  { integration_types: Type.Array(IntegrationTypeView) },
  { description: 'The integration types.', examples: [{ integration_types: [typeExample] }] },
);
export type IntegrationTypeList = Static<typeof IntegrationTypeList>;
export const IntegrationTypeDetail = Type.Object(
  {
    ...typeMembers,
    connection_parameters: AnyMembers('JSON Schema of the connection.'),
    pipeline_parameters: Type.Record(Type.String(), AnyMembers('JSON Schema of one role.'), { description: 'By role.' }),
  },
  {
    description: 'One integration type with its parameters.',
    examples: [{ ...typeExample, connection_parameters: {}, pipeline_parameters: {} }],
  },
);
export type IntegrationTypeDetail = Static<typeof IntegrationTypeDetail>;

export const CategoryQuery = Open(
  { category: Type.Optional(text('The name of a category.')) },
  { description: 'Which category.', examples: [{ category: 'Decision intelligence' }] },
);
const categoryMembers = {
  id: Type.Integer({ description: 'Its number.' }),
  name: text('Its name.'),
  description: text('What it means.'),
};
export const CategoryList = Type.Object(
  { job_categories: Type.Array(Type.Object(categoryMembers)) },
  { description: 'The categories a job may have.', examples: [{ job_categories: [...JOB_CATEGORIES] }] },
);
export type CategoryList = Static<typeof CategoryList>;
export const CategoryDetail = Type.Object(
  { ...categoryMembers, parameters: AnyMembers('JSON Schema of the properties of such a job.') },
  { description: 'One category with what such a job may have.', examples: [{ ...JOB_CATEGORIES[0], parameters: {} }] },
);
export type CategoryDetail = Static<typeof CategoryDetail>;
