import type { Instance, Integration, LoadedPack } from '@verdict/xsoar';
import { CliError, type Io } from './io.ts';
import { type InstanceSettings, instanceOf, nothingToRun } from './warroom/instances.ts';

/**
 * An instance out of `NAME=URL,KEYFILE`, of the pack's integration; where it has several, of the one that NAME begins with.
 * @throws CliError with what to write.
 */
export function instanceOfPack(io: Io, text: string, pack: LoadedPack, settings: InstanceSettings): Instance {
  return instanceOf(text, integrationFor(text, pack), settings, io);
}

function integrationFor(text: string, { integrations, others }: LoadedPack): Integration {
  const [only, ...more] = integrations;
  if (only === undefined) throw nothingToRun(others);
  const named = integrations.find((one) => text.toLowerCase().startsWith(one.name.toLowerCase()));
  if (named !== undefined) return named;
  if (more.length === 0) return only;
  const names = integrations.map((one) => one.name).join(', ');
  throw new CliError(`The pack has several integrations: ${names}. Begin the name of the instance with the one that it is of.`);
}
