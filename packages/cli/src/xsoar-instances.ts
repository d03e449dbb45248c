import { type Instance, type Integration, isSecret, type LoadedPack, type Parameter } from '@verdict/xsoar';
import { CliError, type Io } from './io.ts';
import { readTextFile } from './text-file.ts';

const CREDENTIALS = 9;

/**
 * An instance out of `NAME=URL,KEYFILE`; without a file the key is in VERDICT_API_KEY. A key is never taken from the command line, where other
 * people of the machine can read it.
 * @throws CliError with what to write.
 */
export function instanceOf(io: Io, text: string, pack: LoadedPack): Instance {
  const [, name, url, keyFile] = /^([^=,]+)=(https?:\/\/[^,]+)(?:,(.+))?$/i.exec(text.trim()) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url)) {
    throw new CliError(`"${text}" is not an instance. Write it like verdict1=http://127.0.0.1:9666,key.txt.`);
  }
  const key = keyFile === undefined ? io.env.VERDICT_API_KEY : readTextFile(keyFile).trim();
  if (!key)
    throw new CliError(`There is no key for ${name}: put it into a file and write ${name}=${url},FILE, or set VERDICT_API_KEY.`);
  const integration = integrationFor(name, pack);
  const [address, secret] = [parameterOf(integration, 'address', isAddress), parameterOf(integration, 'key', isKey)];
  return { name, integration, params: { [address]: url, [secret]: key } };
}

function integrationFor(name: string, { integrations }: LoadedPack): Integration {
  const [only, ...others] = integrations;
  const named = integrations.find((one) => name.toLowerCase().startsWith(one.name.toLowerCase()));
  if (named !== undefined) return named;
  if (only !== undefined && others.length === 0) return only;
  const names = integrations.map((one) => one.name).join(', ');
  throw new CliError(`The pack has several integrations: ${names}. Begin the name of the instance with the one that it is of.`);
}

function parameterOf(integration: Integration, what: string, fits: (parameter: Parameter) => boolean): string {
  const parameters = [...integration.parameters].sort((a, b) => Number(b.type === CREDENTIALS) - Number(a.type === CREDENTIALS));
  const found = parameters.find(fits);
  if (found === undefined) throw new CliError(`The integration ${integration.name} has no parameter for the ${what}.`);
  return found.name;
}

function isAddress({ name, type }: Parameter): boolean {
  return type === 0 && /^(url|server|server_?url|host|base_?url)$/i.test(name);
}

function isKey(parameter: Parameter): boolean {
  return isSecret(parameter);
}
