/** Runs the JavaScript of XSOAR's integrations and scripts without an XSOAR server. */
export {
  type ArgumentDescription,
  type Automation,
  argsOf,
  type CommandDescription,
  commandOf,
  type Integration,
  isSecret,
  type OutputDescription,
  type Parameter,
  paramsOf,
  SandboxError,
  UnknownCommand,
} from './definition.ts';
export { ENTRY_TYPES, type Entry, entriesOf, errorEntry, FORMATS, isError, noteEntry, readableText } from './entry.ts';
export { type LoadedPack, loadAutomation, loadIntegration, loadPack } from './load.ts';
export type { Limits, LogLevel } from './protocol.ts';
export { type CommandCall, runAutomation, runCommand } from './run-command.ts';
export { type RunLimits, runScript, type ScriptHost, type ScriptRun } from './run-script.ts';
export {
  type CommandCallOf,
  type CommandResult,
  type CommandRunner,
  createRunner,
  type Instance,
  type OfferedCommand,
  type RunnerOptions,
} from './runner.ts';
