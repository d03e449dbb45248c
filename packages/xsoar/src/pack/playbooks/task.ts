/** What the playbooks of the pack are written in: tasks without what every task repeats; `playbook-yml.ts` makes XSOAR's YAML of them. */

/** A text that may hold `${…}`, or a place in the context with what is done to what stands there. */
export type Value = string | ComplexValue;

export interface ComplexValue {
  readonly root: string;
  readonly accessor?: string;
}

/** The id of a task, or several that then run side by side. */
export type Next = string | readonly string[];

interface Base {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** A command of an integration, such as `Verdict|||arcanna-get-jobs`, or of XSOAR itself, `Builtin|||setIncident`. */
export interface CommandTask extends Base {
  readonly kind: 'command';
  readonly command: string;
  readonly arguments: Readonly<Record<string, Value>>;
  readonly next: Next;
  /** Where the playbook goes when the command fails. */
  readonly onError?: string;
}

export interface ScriptTask extends Base {
  readonly kind: 'script';
  readonly script: string;
  readonly arguments: Readonly<Record<string, Value>>;
  readonly next: Next;
  readonly onError?: string;
}

export interface SubPlaybookTask extends Base {
  readonly kind: 'playbook';
  readonly playbook: string;
  readonly arguments: Readonly<Record<string, Value>>;
  readonly next: Next;
  readonly onError?: string;
}

/** A comparison: a place in the context with a text, or with another place. */
export interface Comparison {
  readonly left: ComplexValue;
  readonly operator: string;
  readonly right?: string | { readonly context: string };
  readonly ignoreCase?: true;
}

export interface ConditionTask extends Base {
  readonly kind: 'condition';
  /** Tried in this order. All of `all` have to hold; each is one comparison, or several of which one has to. */
  readonly branches: readonly {
    readonly label: string;
    readonly all: readonly (readonly Comparison[])[];
    readonly next: Next;
  }[];
  readonly otherwise: Next;
}

/** Questions to an analyst. The answers stand at `<title>.Answers.<number>`, the name of who answered at `<title>.Answers.name`. */
export interface CollectionTask extends Base {
  readonly kind: 'collection';
  readonly title: string;
  readonly message: string;
  readonly questions: readonly {
    readonly question: string;
    readonly tooltip: string;
    readonly required: boolean;
    /** Where the options to choose from stand; without them the answer is free text. */
    readonly options?: ComplexValue;
  }[];
  readonly next: Next;
}

/** Something that a person does by hand and then marks as done. */
export interface ManualTask extends Base {
  readonly kind: 'manual';
  readonly next: Next;
}

/** A heading; without `next` the end of the playbook. */
export interface TitleTask {
  readonly kind: 'title';
  readonly id: string;
  readonly name: string;
  readonly next?: Next;
}

export type Task = CommandTask | ScriptTask | SubPlaybookTask | ConditionTask | CollectionTask | ManualTask | TitleTask;

export interface PlaybookInput {
  readonly key: string;
  readonly value: Value;
  readonly required: boolean;
  readonly description: string;
}

export interface PlaybookOutput {
  readonly contextPath: string;
  readonly description: string;
  readonly type: string;
}

export interface PlaybookSource {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly PlaybookInput[];
  readonly outputs: readonly PlaybookOutput[];
  /** The task that runs first. */
  readonly first: string;
  readonly tasks: readonly Task[];
  /** Tests of the pack are not shown to users. */
  readonly isTest?: true;
}
