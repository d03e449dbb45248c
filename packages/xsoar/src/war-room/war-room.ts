import {
  type Context,
  ContextError,
  copyJson,
  fillTemplate,
  isObject,
  type Json,
  type JsonObject,
  mergeEntryContext,
  readPath,
  sameJson,
  setPath,
} from '../context/index.ts';
import { type Incident, incidentId, incidentJson, incidentOf, incidentScope, incidentView } from '../playbook/incident.ts';
import {
  type Automation,
  type CommandResult,
  type CommandRunner,
  createRunner,
  errorEntry,
  type Instance,
  isError,
  type OfferedCommand,
  type RunLimits,
  type RunnerOptions,
  SandboxError,
  UnknownCommand,
} from '../sandbox/index.ts';
import { builtInCommands, runBuiltIn } from './built-ins.ts';
import { CommandLineError, parseCommandLine } from './command-line.ts';

/** What came of a line. */
export interface Outcome {
  readonly command: string;
  /** One for each instance that was asked; `instance` is empty for a script or a built-in command. */
  readonly results: readonly CommandResult[];
  /** The first thing that went wrong. */
  readonly error?: string;
  /** Whether the contents were asked for in place of the readable text. */
  readonly raw: boolean;
  /** Paths of the context that are not as they were before. */
  readonly changed: readonly string[];
}

export interface WarRoomOptions extends Pick<RunnerOptions, 'env' | 'log'> {
  readonly limits?: Omit<RunLimits, 'signal'>;
  readonly instances: readonly Instance[];
  readonly automations?: readonly Automation[];
}

/** Arguments that every command takes, and what they do. */
export const COMMON_ARGUMENTS: Readonly<Record<string, string>> = {
  using: 'The one instance to ask; all of them where it is left out.',
  'extend-context': 'More for the context, from the contents: key=path, several with :: between.',
  'ignore-outputs': 'true leaves the context as it is, but for extend-context.',
  'raw-response': 'true shows the contents in place of the readable text.',
};

/** `ignore-output` is how XSOAR's page on Extend Context spells it. */
const SPELLINGS: Readonly<Record<string, string>> = { 'ignore-output': 'ignore-outputs' };

/** A War Room without an XSOAR server: an incident, its context, and commands that run on instances of integrations. */
export class WarRoom {
  #context: Context = {};
  #incident: Incident = { fields: {}, custom: {} };
  #others: ReadonlyMap<string, Incident> = new Map();
  readonly #runner: CommandRunner;
  readonly #instances: readonly string[];
  #signal: AbortSignal | undefined;
  #changed = new Set<string>();

  /** @throws SandboxError where two instances have one name, or one lacks a parameter. */
  constructor(options: WarRoomOptions) {
    this.#instances = options.instances.map(({ name }) => name);
    this.#runner = createRunner({
      ...options,
      followPolling: true,
      limits: () => ({ ...options.limits, ...(this.#signal === undefined ? {} : { signal: this.#signal }) }),
      surroundings: () => ({ context: this.#context, incident: incidentView(this.#incident) }),
      setContext: (key, value) => {
        this.#context = setPath(this.#context, key, value);
        this.#changed.add(key);
      },
      executeBuiltIn: async (command, args) => this.#builtIn(command, args)?.entries,
    });
  }

  get context(): Context {
    return this.#context;
  }

  /** As XSOAR's API has it: custom fields under `CustomFields`. */
  get incident(): JsonObject {
    return incidentJson(this.#incident);
  }

  get instances(): readonly string[] {
    return this.#instances;
  }

  /** @throws ContextError where it is no object, or too large. */
  loadIncident(incident: unknown): void {
    const copy = copyJson(incident);
    if (!isObject(copy)) throw new ContextError('An incident is a JSON object.');
    this.#incident = incidentOf(copy, this.#others);
  }

  /** Takes the other incidents that there are, by id: searches find them, and commands that name their id change them. */
  loadOthers(incidents: ReadonlyMap<string, Incident>): void {
    this.#others = incidents;
  }

  /** All commands that can be run, built-in ones among them, by name. */
  commands(): OfferedCommand[] {
    const builtIn = builtInCommands().map((command) => ({ ...command, instances: [] }));
    return [...this.#runner.commands(), ...builtIn].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What an expression of DT finds in the context and the incident. @throws ContextError */
  read(expression: string): Json | undefined {
    return readPath(this.#view(), expression);
  }

  /** Runs a line such as `!arcanna-get-jobs using=prod` and merges what it says into the context. What goes wrong is in the outcome. */
  async run(line: string, signal?: AbortSignal): Promise<Outcome> {
    let command = '';
    this.#signal = signal;
    this.#changed = new Set();
    try {
      const parsed = parseCommandLine(line);
      command = parsed.command;
      const { common, args } = this.#argumentsOf(command, parsed.args, parsed.bare);
      const results = await this.#results(command, args, common);
      const failed = results.find(({ error }) => error !== undefined)?.error;
      return {
        command,
        results,
        raw: common['raw-response'] === 'true',
        changed: [...this.#changed],
        ...(failed === undefined ? {} : { error: failed }),
      };
    } catch (error) {
      if (signal?.aborted) return failedOutcome(command, 'Stopped.');
      if (!(error instanceof ContextError || error instanceof SandboxError || error instanceof CommandLineError)) throw error;
      return failedOutcome(command, error instanceof UnknownCommand ? `${error.message} !help lists them.` : error.message);
    }
  }

  #argumentsOf(command: string, said: Readonly<Record<string, string>>, bare: readonly string[]) {
    const common: Record<string, string> = {};
    const args: Record<string, Json> = {};
    for (const [name, text] of Object.entries(said)) {
      const spelled = SPELLINGS[name] ?? name;
      if (Object.hasOwn(COMMON_ARGUMENTS, spelled)) common[spelled] = text;
      else args[name] = fillTemplate(this.#view(), text);
    }
    if (bare.length > 0) {
      const known = this.commands().find(({ name }) => name === command);
      const main = known?.arguments.find(({ isDefault }) => isDefault);
      if (known !== undefined && main === undefined) {
        throw new CommandLineError(`"${bare[0]}" has no name: write it as name=value.`);
      }
      if (main !== undefined) args[main.name] = fillTemplate(this.#view(), bare.join(' '));
    }
    return { common, args };
  }

  async #results(command: string, args: Record<string, Json>, common: Record<string, string>): Promise<CommandResult[]> {
    const { using } = common;
    const builtIn = this.#builtIn(command, args);
    const results =
      builtIn === undefined ? await this.#runner.run({ command, args, ...(using === undefined ? {} : { using }) }) : [builtIn];
    for (const { entries } of results) {
      for (const entry of entries) {
        if (entry.EntryContext !== undefined && common['ignore-outputs'] !== 'true') this.#merge(entry.EntryContext);
        if (!isError(entry)) this.#extend(entry.Contents, common['extend-context']);
      }
    }
    return results;
  }

  #builtIn(command: string, args: JsonObject): CommandResult | undefined {
    // The incident at hand may be one of the list too: it counts once, as it is now.
    const others = new Map([...this.#others].filter(([id]) => id !== incidentId(this.#incident)));
    const done = runBuiltIn(command, { context: this.#context, incident: this.#incident, others }, args);
    if (done === undefined) return undefined;
    if (done.context !== undefined) this.#setContext(done.context);
    this.#incident = done.incident ?? this.#incident;
    this.#others = done.others ?? this.#others;
    return { instance: '', entries: done.entries };
  }

  #setContext(context: Context): void {
    const names = new Set([...Object.keys(this.#context), ...Object.keys(context)]);
    for (const name of names) if (!sameJson(this.#context[name] ?? null, context[name] ?? null)) this.#changed.add(name);
    this.#context = context;
  }

  /** XSOAR's page "Extend Context": `key=path::key=path`, DT allowed in the paths. */
  #extend(contents: Json, said: string | undefined): void {
    for (const one of said?.split('::') ?? []) {
      const at = one.indexOf('=');
      if (at < 1) throw new CommandLineError('extend-context is key=path, several with :: between.');
      const value = readPath(contents, one.slice(at + 1));
      if (value !== undefined) this.#merge({ [one.slice(0, at).trim()]: value });
    }
  }

  #merge(entryContext: JsonObject): void {
    for (const [key, value] of Object.entries(entryContext)) {
      const merged = mergeEntryContext(this.#context, { [key]: value });
      if (!sameJson(merged, this.#context)) this.#changed.add(key.replace(/\(.*$/s, ''));
      this.#context = merged;
    }
  }

  #view(): JsonObject {
    return { ...this.#context, incident: incidentScope(this.#incident) };
  }
}

function failedOutcome(command: string, sentence: string): Outcome {
  return {
    command,
    results: [{ instance: '', entries: [errorEntry(sentence)], error: sentence }],
    error: sentence,
    raw: false,
    changed: [],
  };
}
