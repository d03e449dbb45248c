import type { Json } from '../context/index.ts';
import { type Automation, argsOf, commandOf, type Integration, paramsOf } from './definition.ts';
import type { Entry } from './entry.ts';
import { type RunLimits, runScript, type ScriptHost, type ScriptRun } from './run-script.ts';

/** A command of an integration, with what its instance is set to. */
export interface CommandCall extends RunLimits, Pick<ScriptRun, 'context' | 'incidents' | 'integrationContext'> {
  readonly command: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly params: Readonly<Record<string, Json>>;
}

/**
 * Runs a command of an integration as XSOAR does: parameters and arguments checked and completed from the yml, the script itself in the
 * sandbox.
 * @returns what it puts into the War Room; errors of the script are error entries.
 * @throws SandboxError on a command, an argument or a parameter that the yml does not name, and on a required one not given.
 */
export async function runCommand(integration: Integration, call: CommandCall, host: ScriptHost = {}): Promise<Entry[]> {
  const { command, args, params, context, incidents, integrationContext, ...limits } = call;
  return runScript(
    {
      name: integration.name,
      script: integration.script,
      command,
      args: argsOf(commandOf(integration, command), args),
      params: paramsOf(integration, params),
      ...(context === undefined ? {} : { context }),
      ...(incidents === undefined ? {} : { incidents }),
      ...(integrationContext === undefined ? {} : { integrationContext }),
    },
    host,
    limits,
  );
}

/**
 * Runs a script (XSOAR: automation) the same way.
 * @throws SandboxError on an argument that the yml does not name, and on a required one not given.
 */
export async function runAutomation(
  automation: Automation,
  call: Omit<CommandCall, 'command' | 'params' | 'integrationContext'>,
  host: ScriptHost = {},
): Promise<Entry[]> {
  const { args, context, incidents, ...limits } = call;
  return runScript(
    {
      name: automation.name,
      script: automation.script,
      command: automation.name,
      args: argsOf(automation.command, args),
      params: {},
      ...(context === undefined ? {} : { context }),
      ...(incidents === undefined ? {} : { incidents }),
    },
    host,
    limits,
  );
}
