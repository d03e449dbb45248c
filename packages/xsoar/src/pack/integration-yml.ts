import { COMMANDS } from './commands.ts';
import { INTEGRATION } from './names.ts';
import { PARAMETERS } from './parameters.ts';
import type { Argument, CommandSpec } from './table.ts';

const FROM_VERSION = '5.5.0';

/** The yml of the integration, as a plain object, with `script` as its code. */
export function integrationYml(script: string): Readonly<Record<string, unknown>> {
  return {
    category: 'Data Enrichment & Threat Intelligence',
    sectionorder: ['Connect', 'Collect'],
    commonfields: { id: INTEGRATION, version: -1 },
    name: INTEGRATION,
    display: INTEGRATION,
    description:
      'Verdict learns a SOC’s triage decisions from its analysts and answers each new alert with a decision, how sure it is, and why.',
    configuration: PARAMETERS,
    script: {
      script,
      type: 'javascript',
      isfetch: false,
      commands: COMMANDS.map(commandYml),
    },
    tests: ['Verdict - Test'],
    fromversion: FROM_VERSION,
  };
}

/** The yml of an automation script. */
export function scriptYml(
  source: {
    readonly name: string;
    readonly comment: string;
    readonly tags: readonly string[];
    readonly arguments: readonly Argument[];
    readonly outputs: CommandSpec['outputs'];
    readonly dependsOn: readonly string[];
  },
  script: string,
): Readonly<Record<string, unknown>> {
  return {
    commonfields: { id: source.name, version: -1 },
    name: source.name,
    script,
    type: 'javascript',
    tags: source.tags,
    comment: source.comment,
    enabled: true,
    args: source.arguments.map(argumentYml),
    outputs: source.outputs.map(outputYml),
    scripttarget: 0,
    timeout: '0',
    dependson: { must: source.dependsOn },
    tests: ['Verdict - Test'],
    fromversion: FROM_VERSION,
  };
}

function commandYml(command: CommandSpec): Readonly<Record<string, unknown>> {
  return {
    name: command.name,
    description: command.description,
    deprecated: false,
    execution: command.execution === true,
    ...(command.polling ? { polling: true } : {}),
    arguments: command.arguments.map(argumentYml),
    outputs: command.outputs.map(outputYml),
  };
}

function argumentYml(argument: Argument): Readonly<Record<string, unknown>> {
  return {
    name: argument.name,
    description: argument.description,
    required: argument.required === true,
    ...(argument.isArray ? { isArray: true } : {}),
    ...(argument.deprecated ? { deprecated: true } : {}),
    ...(argument.predefined === undefined ? {} : { auto: 'PREDEFINED', predefined: argument.predefined }),
    ...(argument.defaultValue === undefined ? {} : { defaultValue: argument.defaultValue }),
  };
}

function outputYml({ path, type, description }: CommandSpec['outputs'][number]): Readonly<Record<string, unknown>> {
  return { contextPath: path, description, type };
}
