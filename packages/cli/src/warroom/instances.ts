import { readFileSync, statSync } from 'node:fs';
import type { Instance, Integration, Json, Parameter } from '@verdict/xsoar';
import { isSecret } from '@verdict/xsoar';
import type { Command } from 'commander';
import { CliError, type Io } from '../io.ts';
import { decodeText } from '../text-file.ts';

/** What is said of all instances by options. */
export interface InstanceSettings {
  readonly jobId: string | undefined;
  readonly insecure: boolean;
  readonly proxy: boolean;
  /** Other parameters, as `name=value`. */
  readonly params: readonly string[];
}

/** Adds the options that instances are set up with. What they come to is read by {@link settingsOf}. */
export function withInstanceSettings(command: Command): Command {
  return command
    .option('--job-id <id>', 'default job id of the instances')
    .option('--insecure', 'trust any certificate', false)
    .option('--proxy', 'use the proxy of the system', false)
    .option('--param <name=value>', 'another parameter of the instances; again for more of them', several, []);
}

/** What a command with {@link withInstanceSettings} is given. */
export interface InstanceOptions {
  readonly jobId?: string;
  readonly insecure: boolean;
  readonly proxy: boolean;
  readonly param: readonly string[];
}

export function settingsOf({ jobId, insecure, proxy, param }: InstanceOptions): InstanceSettings {
  return { jobId, insecure, proxy, params: param };
}

/** For an option that can be given several times. */
export function several(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
}

/** What to say of a pack without an integration in JavaScript; `others` are those that it has. */
export function nothingToRun(others: readonly string[]): CliError {
  const why = others.length === 0 ? '' : ` Only JavaScript runs here, and it has ${others.join(', ')}.`;
  return new CliError(`The pack has no integration that can be run.${why}`);
}

const LARGEST_KEY_FILE = 10_000;

/**
 * An instance from `NAME=URL,KEYFILE`; without a file the key is in VERDICT_API_KEY.
 * @throws CliError in a sentence that says how to write it.
 */
export function instanceOf(said: string, integration: Integration, settings: InstanceSettings, io: Io): Instance {
  const [, name, url, file] = /^([\w.-]{1,100})=(https?:\/\/[^,\s]+)(?:,(.+))?$/i.exec(said.trim()) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url)) {
    throw new CliError(`"${said}" is no instance. Write it like prod=http://localhost:9666,/path/of/a/file/with/the/key.`);
  }
  if (new URL(url).username !== '' || new URL(url).password !== '') {
    throw new CliError('An address has no user name and password in it. Put the key into a file.');
  }
  const params: Record<string, Json> = { ...givenParams(integration, settings.params) };
  params[parameter(integration, 'the address', isAddress).name] = url;
  params[parameter(integration, 'the key', isKey).name] = file === undefined ? keyFromEnvironment(io, name) : keyFrom(file);
  if (settings.jobId !== undefined) params[parameter(integration, 'a default job id', isJobId).name] = settings.jobId;
  if (settings.insecure) params[parameter(integration, 'certificates', named('insecure')).name] = true;
  if (settings.proxy) params[parameter(integration, 'the proxy', named('proxy')).name] = true;
  return { name, integration, params };
}

function givenParams(integration: Integration, said: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    said.map((one) => {
      const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(one) ?? [];
      const known = integration.parameters.find((other) => other.name === name);
      if (name === undefined || value === undefined) throw new CliError(`"${one}" is no parameter. Write it like name=value.`);
      if (known === undefined) {
        throw new CliError(
          `${integration.name} has no parameter ${name}. It has: ${integration.parameters.map((p) => p.name).join(', ')}.`,
        );
      }
      if (isSecret(known))
        throw new CliError(`${name} is a secret, and a command line can be read by others. Put it into a file.`);
      return [name, value];
    }),
  );
}

function parameter(integration: Integration, what: string, is: (parameter: Parameter) => boolean): Parameter {
  const found = integration.parameters.find(is);
  if (found === undefined) throw new CliError(`${integration.name} has no parameter for ${what}.`);
  return found;
}

const isAddress = ({ name }: Parameter) => /^(url|host|server|base_?url|server_?url)$/i.test(name);
const isKey = (one: Parameter) => isSecret(one);
const isJobId = ({ name }: Parameter) => /job_?id$/i.test(name);
const named = (wanted: string) => (one: Parameter) => one.name === wanted;

function keyFrom(file: string): string {
  let text: string;
  try {
    if (statSync(file).size > LARGEST_KEY_FILE) throw new CliError(`${file} is too large to hold a key.`);
    text = decodeText(readFileSync(file)).trim();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`The file with the key, ${file}, cannot be read.`);
  }
  if (text === '' || /\s/.test(text)) throw new CliError(`${file} should hold one key and nothing else.`);
  return text;
}

function keyFromEnvironment(io: Io, name: string): string {
  const key = io.env.VERDICT_API_KEY;
  if (!key) throw new CliError(`The instance ${name} has no key. Write ${name}=URL,KEYFILE, or set VERDICT_API_KEY.`);
  return key;
}
