import { isObject, kindOf, type ParameterSchema, type ParametersSchema, type Problem, type ProblemType } from '@verdict/contract';
import { KEY_PARAMETER, MASK } from './integration.ts';

/** Parameters as somebody gave them, sorted. What was not given is in none of them. */
export interface GivenParameters {
  readonly plain: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Optional parameters that were emptied. */
  readonly cleared: readonly string[];
  /** The key as it was given: a name, a reference, a pasted value. Undefined when absent, empty or masked. */
  readonly apiKey: string | undefined;
  /** What is wrong; `loc` is the name of the parameter. */
  readonly problems: readonly Problem[];
}

/**
 * Sorts parameters from outside by their schema. `null` and the mask are absent; an empty text clears an optional parameter; members
 * that the schema does not name are ignored.
 * @param complete whether parameters that the schema requires must be there (a new integration), or what is absent stays as it is.
 */
export function readParameters(
  schema: ParametersSchema,
  given: Readonly<Record<string, unknown>>,
  complete: boolean,
): GivenParameters {
  const plain: Record<string, unknown> = {};
  const secrets: Record<string, string> = {};
  const cleared: string[] = [];
  const problems: Problem[] = [];
  let apiKey: string | undefined;
  for (const [name, parameter] of Object.entries(schema.properties)) {
    const value = Object.hasOwn(given, name) ? (given[name] ?? undefined) : undefined;
    const isRequired = schema.required.includes(name);
    if (value === undefined || (parameter.writeOnly && value === MASK)) {
      if (isRequired && complete) problems.push({ loc: [name], msg: 'is missing', type: 'missing' });
      continue;
    }
    if (typeof value === 'string' && value.trim() === '') {
      if (isRequired) problems.push({ loc: [name], msg: 'must not be empty', type: 'missing' });
      else if (name !== KEY_PARAMETER) cleared.push(name);
      continue;
    }
    const fault = parameterFault(parameter, value);
    if (fault) problems.push({ loc: [name], ...fault });
    else if (name === KEY_PARAMETER) apiKey = (value as string).trim();
    else if (parameter.writeOnly) secrets[name] = value as string;
    else plain[name] = typeof value === 'string' ? value.trim() : value;
  }
  return { plain, secrets, cleared, apiKey, problems };
}

interface Fault {
  readonly msg: string;
  readonly type: ProblemType;
}

function parameterFault(parameter: ParameterSchema, value: unknown): Fault | undefined {
  switch (parameter.type) {
    case 'array':
      return listFault(parameter, value);
    case 'string':
      return textFault(parameter, value);
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : wrongType('a whole number', value);
    case 'number':
      return Number.isFinite(value) ? undefined : wrongType('a number', value);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType('true or false', value);
    case 'object':
      return isObject(value) ? undefined : wrongType('a JSON object', value);
  }
}

function listFault({ items, maxItems }: ParameterSchema, value: unknown): Fault | undefined {
  if (!Array.isArray(value)) return wrongType('a list', value);
  const entries = value as readonly unknown[];
  if (maxItems !== undefined && entries.length > maxItems)
    return { msg: `must have at most ${maxItems} entries`, type: 'too_many' };
  for (const [index, entry] of entries.entries()) {
    const fault = items && textFault(items, entry);
    if (fault) return { ...fault, msg: `has an entry at ${index} that ${fault.msg}` };
  }
  return undefined;
}

function textFault(parameter: { maxLength?: number; enum?: readonly string[] }, value: unknown): Fault | undefined {
  if (typeof value !== 'string') return wrongType('a text', value);
  const { maxLength, enum: allowed } = parameter;
  if (maxLength !== undefined && value.length > maxLength)
    return { msg: `must have at most ${maxLength} characters`, type: 'too_long' };
  if (!value.isWellFormed() || /\p{Cc}/u.test(value))
    return { msg: 'must be plain text without control characters', type: 'bad_format' };
  if (allowed && !allowed.includes(value)) return { msg: `must be one of ${allowed.join(', ')}`, type: 'unknown_value' };
  return undefined;
}

function wrongType(wanted: string, value: unknown): Fault {
  return { msg: `must be ${wanted}, not ${kindOf(value)}`, type: 'wrong_type' };
}
