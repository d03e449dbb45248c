/** What there is to choose from: roles, integration types, job categories, default labels. Data, not schemas of requests. */

/** What an integration may do for a job, in the order of the pipeline. */
export const ROLES = [
  'input',
  'enrichment',
  'context_enrichment',
  'processor',
  'decision_model',
  'post_decision',
  'case_creation',
  'alerting',
  'output',
] as const;
export type Role = (typeof ROLES)[number];
export const ROLE_DESCRIPTIONS: Readonly<Record<Role, string>> = {
  input: 'Events come in through it; its API key is the key of the SOAR.',
  enrichment: 'Adds fields to an event before the decision.',
  context_enrichment: 'Adds fields from other events or tables before the decision.',
  processor: 'Changes an event before the decision.',
  decision_model: 'Decides.',
  post_decision: 'Acts once there is a decision.',
  case_creation: 'Opens a case for a decision.',
  alerting: 'Tells people of a decision.',
  output: 'Receives events with their decisions.',
};

/** Whether `text` is one of the roles. */
export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLE_DESCRIPTIONS, text);
}

/** One setting in a JSON Schema of parameters. */
export interface ParameterSchema {
  readonly type: 'string' | 'array' | 'boolean' | 'integer' | 'number' | 'object';
  readonly title: string;
  readonly description: string;
  readonly default?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly items?: { readonly type: 'string'; readonly maxLength: number };
  readonly maxLength?: number;
  readonly maxItems?: number;
  /** The value is a secret: masked in every answer. */
  readonly writeOnly?: boolean;
  readonly examples?: readonly unknown[];
}

/** A JSON Schema of parameters. */
export interface ParametersSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, ParameterSchema>>;
  readonly required: readonly string[];
}

/** An integration type as the metadata endpoint shows it. */
export interface IntegrationType {
  /** Also `subcategory_id` of an integration; never changes. */
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly creatable: boolean;
  readonly roles: readonly Role[];
  readonly roles_details: Readonly<Partial<Record<Role, string>>>;
  /** What `integration_type` of an entry in a job's pipeline may be for it. */
  readonly pipeline_role_identifiers: readonly Role[];
  readonly connection_parameters: ParametersSchema;
  readonly pipeline_parameters: Readonly<Partial<Record<Role, ParametersSchema>>>;
}

const apiKey: ParameterSchema = {
  type: 'string',
  title: 'API key',
  description:
    "The API key that the sender uses: the name of one in the same document, or {{api_keys(name='…')}}. Left out, a new one is made and shown once.",
  maxLength: 1_000,
  writeOnly: true,
  examples: ["{{api_keys(name='soar')}}"],
};

const senderParameters: Readonly<Record<string, ParameterSchema>> = {
  machine_users: {
    type: 'array',
    title: 'Machine users',
    description: 'Names under which playbooks vote. Such a vote is not counted where it only repeats the decision.',
    items: { type: 'string', maxLength: 1_000 },
    maxItems: 100,
    default: ['dbot'],
  },
  result_form: {
    type: 'string',
    title: 'Form of the result',
    description: 'legacy answers drop_alert or escalate_alert, for playbooks written before class ids.',
    enum: ['class_id', 'legacy'],
    default: 'class_id',
  },
};

const inputOnly = {
  creatable: true,
  roles: ['input'],
  roles_details: { input: ROLE_DESCRIPTIONS.input },
  pipeline_role_identifiers: ['input'],
  pipeline_parameters: { input: { type: 'object', properties: {}, required: [] } },
} as const;

/** Every integration type, in the order of its id, from 1. */
export const INTEGRATION_TYPES: readonly IntegrationType[] = [
  {
    id: 1,
    name: 'Cortex XSOAR',
    description: 'Playbooks of Cortex XSOAR send alerts, ask for decisions and give feedback.',
    ...inputOnly,
    connection_parameters: { type: 'object', properties: { api_key: apiKey, ...senderParameters }, required: [] },
  },
  {
    id: 2,
    name: 'External REST API',
    description: 'Any SOAR, SIEM or script sends alerts over HTTP, asks for decisions and gives feedback.',
    ...inputOnly,
    connection_parameters: {
      type: 'object',
      properties: {
        api_key: apiKey,
        data_type: {
          type: 'string',
          title: 'Data type',
          description: 'What kind of alerts it sends, for people to read.',
          maxLength: 1_000,
        },
        ...senderParameters,
      },
      required: [],
    },
  },
];

/** The integration type of that name in any letter case, or `undefined`. */
export function findIntegrationType(name: string): IntegrationType | undefined {
  const wanted = name.trim().toLowerCase();
  return INTEGRATION_TYPES.find((type) => type.name.toLowerCase() === wanted);
}

/**
 * The answer of `GET /api/v2/resources/integration/parameters/schema`: by name of the type, the JSON Schema of its parameters; with a
 * role those of the pipeline in that role, else those of the connection. An unknown type or role has an empty schema.
 */
export function parametersSchema(typeName: string | undefined, role?: string): IntegrationParametersSchema {
  const chosen =
    typeName === undefined ? INTEGRATION_TYPES : [findIntegrationType(typeName)].filter((type) => type !== undefined);
  const properties: Record<string, ParametersSchema> = {};
  for (const type of chosen) {
    if (role === undefined) properties[type.name] = type.connection_parameters;
    else if (isRole(role) && type.pipeline_parameters[role] !== undefined) properties[type.name] = type.pipeline_parameters[role];
  }
  return { type: 'object', properties };
}

/** JSON Schemas of parameters by integration type. */
export interface IntegrationParametersSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, ParametersSchema>>;
}

/** The categories a job may have. */
export const JOB_CATEGORIES = [
  {
    id: 1,
    name: 'Decision intelligence',
    description: 'Events with the same values of the decision points form a bucket; feedback on one counts for all of them.',
  },
  { id: 2, name: 'Event centric decision intelligence', description: 'Feedback counts for its own event alone.' },
] as const;
export type JobCategory = (typeof JOB_CATEGORIES)[number]['name'];

/** The labels of a job that names none; the class id of each is its place: class_0, class_1, class_2. */
export const DEFAULT_LABELS = [
  { class_id: 'class_0', name: 'Escalate', hex_color: '#ed0a2c' },
  { class_id: 'class_1', name: 'Drop', hex_color: '#10b981' },
  { class_id: 'class_2', name: 'Investigate', hex_color: '#2563eb' },
] as const;

/** What may hold back an automatic training, and when. */
export const RETRAIN_BLOCKERS = {
  consensus_flipping: 'A consensus changed more than once.',
  low_confidence_score: 'A labelled event has a confidence below 60.',
  undecided_consensus: 'Votes on a bucket are tied.',
  consensus_low_score: 'A consensus has few votes behind it.',
  outliers: 'A labelled event is an outlier.',
  consensus_changes: 'A consensus changed since the last training.',
} as const;
export type RetrainBlocker = keyof typeof RETRAIN_BLOCKERS;
