/** The forms of what the pack offers. The yml, the README and the types of the script are made from tables of these. */

export interface Argument {
  readonly name: string;
  readonly description: string;
  readonly required?: true;
  readonly isArray?: true;
  readonly defaultValue?: string;
  /** The values to choose from. */
  readonly predefined?: readonly string[];
  /** Still taken, and of no effect any more. */
  readonly deprecated?: true;
}

export type OutputType = 'String' | 'Number' | 'Boolean' | 'Date' | 'Unknown';

export interface Output {
  /** The place in the context, such as `Arcanna.Event.event_id`. */
  readonly path: string;
  readonly type: OutputType;
  readonly description: string;
}

export interface CommandSpec {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly Argument[];
  readonly outputs: readonly Output[];
  /** May be run again by the platform until there is a result. */
  readonly polling?: true;
  /** Changes something in Verdict, so XSOAR asks before it runs where it is set to. */
  readonly execution?: true;
  readonly example: string;
}

/** Names of the required arguments of a command. */
type RequiredName<A extends readonly Argument[]> = Extract<A[number], { readonly required: true }>['name'];

/** The arguments of a command as the script gets them: a task may hand over any JSON, and an empty text for nothing. */
export type ArgumentsOf<C extends { readonly arguments: readonly Argument[] }> = {
  readonly [Name in RequiredName<C['arguments']>]: unknown;
} & { readonly [Name in Exclude<C['arguments'][number]['name'], RequiredName<C['arguments']>>]?: unknown };
