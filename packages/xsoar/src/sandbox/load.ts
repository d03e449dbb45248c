import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { copyJson, isList, isObject, type Json, type JsonObject } from '../context/index.ts';
import { BadYaml, readSafeYaml } from '../safe-yaml.ts';
import {
  type ArgumentDescription,
  type Automation,
  type CommandDescription,
  type Integration,
  type OutputDescription,
  type Parameter,
  SandboxError,
} from './definition.ts';

/** What of a pack can be run. */
export interface LoadedPack {
  readonly integrations: readonly Integration[];
  readonly automations: readonly Automation[];
  /** What cannot, with the language that it is written in, like `Lamp Guard (python)`. */
  readonly others: readonly string[];
}

const LARGEST = 8 * 1024 * 1024;

/**
 * Reads an integration: its folder in a content tree (a yml and the js beside it), or a yml file, with the code inside of it (the
 * unified form) or beside it.
 * @throws SandboxError where it cannot be read or is not written in JavaScript.
 */
export function loadIntegration(path: string): Integration {
  const file = ymlOf(path);
  const yml = readYml(file);
  const code = isObject(yml.script) ? yml.script : {};
  requireJavaScript(file, code.type);
  const name = text(yml.name);
  if (name === '') throw new SandboxError(`${file} has no name.`);
  return {
    name,
    display: text(yml.display) || name,
    parameters: objects(yml.configuration).map(parameterOf),
    commands: objects(code.commands).map((command) => commandFrom(command, 'arguments')),
    script: scriptOf(file, code.script),
  };
}

/**
 * Reads a script, in the same two forms.
 * @throws SandboxError
 */
export function loadAutomation(path: string): Automation {
  const file = ymlOf(path);
  const yml = readYml(file);
  requireJavaScript(file, yml.type);
  const command = commandFrom({ ...yml, description: yml.comment ?? '' }, 'args');
  if (command.name === '') throw new SandboxError(`${file} has no name.`);
  return { name: command.name, command, script: scriptOf(file, yml.script) };
}

/**
 * Reads the integrations and scripts of a pack's folder, content tree or unified. Those that are not written in JavaScript are only named.
 * @throws SandboxError
 */
export function loadPack(folder: string): LoadedPack {
  if (!isFolder(folder)) throw new SandboxError(`${folder} is no folder.`);
  if (!['Integrations', 'Scripts', 'Playbooks'].some((kind) => isFolder(join(folder, kind)))) {
    throw new SandboxError(`${folder} is no pack: it has neither Integrations nor Scripts nor Playbooks.`);
  }
  const [integrations, scripts] = [partsOf(folder, 'Integrations').map(ymlOf), partsOf(folder, 'Scripts').map(ymlOf)];
  const others = new Map<string, string>();
  for (const file of integrations) noteOther(file, (yml) => (isObject(yml.script) ? yml.script.type : undefined), others);
  for (const file of scripts) noteOther(file, (yml) => yml.type, others);
  return {
    integrations: integrations.filter((file) => !others.has(file)).map(loadIntegration),
    automations: scripts.filter((file) => !others.has(file)).map(loadAutomation),
    others: [...others.values()],
  };
}

/** Languages of XSOAR that do not run here; what has none, or one that XSOAR does not know, is a mistake, and is told when it is read. */
const OTHER_LANGUAGES: ReadonlySet<string> = new Set(['python', 'powershell']);

function noteOther(file: string, languageOf: (yml: JsonObject) => Json | undefined, others: Map<string, string>): void {
  const yml = readYml(file);
  const language = text(languageOf(yml));
  if (OTHER_LANGUAGES.has(language)) others.set(file, `${text(yml.name) || file} (${language})`);
}

function partsOf(folder: string, kind: string): string[] {
  const base = join(folder, kind);
  if (!isFolder(base)) return [];
  const holds = (entry: Dirent) =>
    entry.isDirectory() ? readdirSync(join(base, entry.name)).some((name) => name.endsWith('.yml')) : entry.name.endsWith('.yml');
  return readdirSync(base, { withFileTypes: true })
    .filter(holds)
    .map(({ name }) => join(base, name))
    .sort();
}

function ymlOf(path: string): string {
  if (!isFolder(path)) return path;
  const files = readdirSync(path).filter((name) => name.endsWith('.yml'));
  if (files.length !== 1) throw new SandboxError(`${path} has ${files.length} yml files where one should be.`);
  return join(path, files[0]!);
}

function readYml(file: string): JsonObject {
  let yml: Json;
  try {
    yml = copyJson(readSafeYaml(readText(file)).data);
  } catch (error) {
    if (error instanceof BadYaml) throw new SandboxError(`${file}, line ${error.line}: the file ${error.message}.`);
    throw error;
  }
  if (!isObject(yml)) throw new SandboxError(`${file} has no members.`);
  return yml;
}

function readText(file: string): string {
  if (!existsSync(file)) throw new SandboxError(`There is no file ${file}.`);
  if (statSync(file).size > LARGEST) throw new SandboxError(`${file} is larger than 8 MiB.`);
  return readFileSync(file, 'utf8');
}

/** The code inside of the yml, or where that says `-`, of the js beside it. */
function scriptOf(file: string, inside: Json | undefined): string {
  if (typeof inside === 'string' && inside.trim() !== '' && inside.trim() !== '-') return inside;
  return readText(file.replace(/\.yml$/, '.js'));
}

function requireJavaScript(file: string, type: Json | undefined): void {
  if (type !== 'javascript') {
    throw new SandboxError(`${file} is written in ${text(type) || 'an unnamed language'}; only JavaScript runs here.`);
  }
}

function parameterOf(yml: JsonObject): Parameter {
  return {
    name: text(yml.name),
    display: text(yml.display) || text(yml.displaypassword),
    type: typeof yml.type === 'number' ? yml.type : 0,
    required: yml.required === true,
    defaultValue: optionalText(yml.defaultvalue),
  };
}

function commandFrom(yml: JsonObject, args: 'args' | 'arguments'): CommandDescription {
  return {
    name: text(yml.name),
    description: text(yml.description),
    deprecated: yml.deprecated === true,
    arguments: objects(yml[args]).map(argumentOf),
    outputs: objects(yml.outputs).map(outputOf),
  };
}

function argumentOf(yml: JsonObject): ArgumentDescription {
  return {
    name: text(yml.name),
    description: text(yml.description),
    required: yml.required === true,
    isDefault: yml.default === true,
    isArray: yml.isArray === true,
    defaultValue: optionalText(yml.defaultValue),
    predefined: isList(yml.predefined) ? yml.predefined.map(text) : [],
  };
}

function outputOf(yml: JsonObject): OutputDescription {
  return { path: text(yml.contextPath), description: text(yml.description), type: text(yml.type) };
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isObject) : [];
}

function text(value: Json | undefined): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

function optionalText(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : text(value);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
