import { BUILTIN_NAMES } from '../playbook/builtins.ts';
import { GENERIC_POLLING } from '../playbook/generic-polling.ts';
import type { Playbook } from '../playbook/model.ts';
import type { Data } from '../safe-yaml.ts';
import { dataAt, listAt, textAt } from './pack-files.ts';

/** A command or script, as its yml describes it. */
export interface KnownWork {
  readonly arguments: ReadonlyMap<string, { readonly required: boolean }>;
  readonly outputs: readonly string[];
}

/** What a pack offers to playbooks. */
export interface Catalogue {
  readonly commands: ReadonlyMap<string, KnownWork>;
  readonly scripts: ReadonlyMap<string, KnownWork>;
  /** What scripts leave in the context that XSOAR runs by itself when an incident is closed. */
  readonly afterClose: readonly string[];
  /** By name and by id. */
  readonly playbooks: ReadonlyMap<string, Playbook>;
}

/** Builtins that the checks know beside those that the runner runs: they need no integration and give nothing to the context by themselves. */
const OTHER_BUILTINS: ReadonlySet<string> = new Set([
  'addEvidence',
  'createNewIncident',
  'createNewIndicator',
  'enrichIndicators',
  'investigate',
  'linkIncidents',
  'markAsNote',
  'pauseTimer',
  'RunPollingCommand',
  'ScheduleGenericPolling',
  'scheduleCommand',
  'send-notification',
  'setPlaybook',
  'startTimer',
  'stopTimer',
  'taskComplete',
]);

/** Whether XSOAR brings this script or command along. */
export function isBuiltin(name: string, brand: string): boolean {
  return brand === 'Builtin' || BUILTIN_NAMES.has(name) || OTHER_BUILTINS.has(name);
}

export function isBuiltinPlaybook(name: string): boolean {
  return name === GENERIC_POLLING;
}

/** Collects what integrations, scripts and playbooks of a pack offer. */
export function catalogueOf(integrations: readonly Data[], scripts: readonly Data[], playbooks: readonly Playbook[]): Catalogue {
  return {
    commands: new Map(
      integrations.flatMap((one) =>
        listAt(one, 'script', 'commands').map((command) => [textAt(command, 'name'), knownWork(command, 'arguments')] as const),
      ),
    ),
    scripts: new Map(scripts.map((one) => [textAt(one, 'name'), knownWork(one, 'args')])),
    afterClose: scripts
      .filter((one) => JSON.stringify(dataAt(one, 'tags') ?? []).includes('"post-processing"'))
      .flatMap((one) => knownWork(one, 'args').outputs),
    playbooks: new Map(playbooks.flatMap((one) => [[one.id, one] as const, [one.name, one] as const])),
  };
}

function knownWork(data: Data, key: 'arguments' | 'args'): KnownWork {
  return {
    arguments: new Map(
      listAt(data, key).map((argument) => [
        textAt(argument, 'name'),
        { required: dataAt(argument, 'required') === true && textAt(argument, 'defaultValue') === '' },
      ]),
    ),
    outputs: listAt(data, 'outputs').map((output) => textAt(output, 'contextPath')),
  };
}
