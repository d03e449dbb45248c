import type { Json } from '../context/index.ts';

/** A parameter of an integration's instance. */
export interface Parameter {
  readonly name: string;
  readonly display: string;
  /** XSOAR's number: 0 short text, 4 encrypted text, 8 yes or no, 9 credentials, 12 long text, … */
  readonly type: number;
  readonly required: boolean;
  readonly defaultValue: string | undefined;
}

export interface ArgumentDescription {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** What is said without a name goes to this one. */
  readonly isDefault: boolean;
  readonly isArray: boolean;
  readonly defaultValue: string | undefined;
  readonly predefined: readonly string[];
}

export interface OutputDescription {
  readonly path: string;
  readonly description: string;
  readonly type: string;
}

export interface CommandDescription {
  readonly name: string;
  readonly description: string;
  readonly deprecated: boolean;
  readonly arguments: readonly ArgumentDescription[];
  readonly outputs: readonly OutputDescription[];
}

export interface Integration {
  readonly name: string;
  readonly display: string;
  readonly parameters: readonly Parameter[];
  readonly commands: readonly CommandDescription[];
  /** The JavaScript of it. */
  readonly script: string;
}

/** A script (XSOAR: automation): one command without an instance. */
export interface Automation {
  readonly name: string;
  readonly command: CommandDescription;
  readonly script: string;
}

/** Something said of a pack, an instance or a command does not fit; the sentence is meant for people. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}

/** Nothing that is there has a command of this name. */
export class UnknownCommand extends SandboxError {}

/** The command that XSOAR's button Test runs; every integration has it without saying so. */
const TEST_MODULE: CommandDescription = {
  name: 'test-module',
  description: 'Says ok, or what is wrong with the instance.',
  deprecated: false,
  arguments: [],
  outputs: [],
};

/** @throws SandboxError naming what is like it. */
export function commandOf(integration: Integration, name: string): CommandDescription {
  if (name === TEST_MODULE.name) return TEST_MODULE;
  const command = integration.commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = integration.commands.map((one) => one.name);
  throw new SandboxError(`${integration.name} has no command ${name}. It has: ${names.join(', ')}.`);
}

/**
 * The arguments that a script gets: numbers and yes or no as text, as XSOAR passes them, lists and objects as they are, defaults filled
 * in. What is null is taken for not given.
 * @throws SandboxError on an argument that the command does not know, and on a required one that is not given.
 */
export function argsOf(command: CommandDescription, given: Readonly<Record<string, Json>>): Record<string, Json> {
  const known = new Set(command.arguments.map(({ name }) => name));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const has = known.size === 0 ? 'It has none.' : `It has: ${[...known].join(', ')}.`;
    throw new SandboxError(`${command.name} has no argument ${unknown.join(', ')}. ${has}`);
  }
  const args: Record<string, Json> = {};
  const missing: string[] = [];
  for (const { name, required, defaultValue } of command.arguments) {
    const value = given[name] ?? defaultValue ?? null;
    if (value === null || (required && value === '')) {
      if (required) missing.push(name);
      continue;
    }
    args[name] = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  }
  if (missing.length > 0) throw new SandboxError(`${command.name} needs ${missing.join(', ')}.`);
  return args;
}

const ENCRYPTED = 4;
const YES_OR_NO = 8;
const CREDENTIALS = 9;

/**
 * The parameters that a script gets, defaults filled in. Credentials (type 9) are `{identifier, password}`; a text given for them is the password.
 * @throws SandboxError on a parameter that the integration does not have, and on a required one that is not given.
 */
export function paramsOf(integration: Integration, given: Readonly<Record<string, Json>>): Record<string, Json> {
  const known = new Set(integration.parameters.map(({ name }) => name));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new SandboxError(`${integration.name} has no parameter ${unknown.join(', ')}. It has: ${[...known].join(', ')}.`);
  }
  const params: Record<string, Json> = {};
  const missing: string[] = [];
  for (const { name, type, required, defaultValue } of integration.parameters) {
    const value = given[name] ?? defaultValue ?? null;
    if (type === YES_OR_NO) params[name] = value === true || value === 'true';
    else if (type === CREDENTIALS) params[name] = credentials(value);
    else if (value !== null) params[name] = value;
    if (required && (value === null || value === '') && type !== YES_OR_NO) missing.push(name);
  }
  if (missing.length > 0) throw new SandboxError(`An instance of ${integration.name} needs ${missing.join(', ')}.`);
  return params;
}

/** Whether a parameter holds a secret, which must not be said on a command line or shown. */
export function isSecret({ type }: Parameter): boolean {
  return type === ENCRYPTED || type === CREDENTIALS;
}

function credentials(value: Json): Json {
  if (value !== null && typeof value === 'object') return value;
  const password = value === null ? '' : String(value);
  return { identifier: '', password, passwordChanged: false, credentials: { user: '', password: '' } };
}
