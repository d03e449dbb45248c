/** A playbook as Cortex XSOAR exports it, read into what the runner and the checks need. */
export interface Playbook {
  /** The file that it came from, for messages. */
  readonly file: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly startId: string;
  /** By id, in the order of the file. */
  readonly tasks: ReadonlyMap<string, Task>;
  readonly inputs: readonly PlaybookInput[];
  readonly outputs: readonly PlaybookOutput[];
}

export interface PlaybookInput {
  readonly key: string;
  /** The default; undefined where there is none. */
  readonly value: Value | undefined;
  readonly required: boolean;
  readonly description: string;
}

export interface PlaybookOutput {
  readonly path: string;
  readonly description: string;
}

export const TASK_TYPES = ['start', 'title', 'section', 'regular', 'standard', 'condition', 'collection', 'playbook'] as const;
export type TaskType = (typeof TASK_TYPES)[number];

export interface Task {
  readonly id: string;
  /** The UUID beside the id, and the one inside `task`; XSOAR wants them equal. */
  readonly taskId: string;
  readonly innerId: string;
  readonly name: string;
  readonly description: string;
  readonly type: TaskType;
  /** Branch label → ids of the tasks that follow; `#none#` where there are no branches, `#default#` for else, `#error#` for errors. */
  readonly next: ReadonlyMap<string, readonly string[]>;
  /** What it runs, if it runs anything. */
  readonly work: Work | undefined;
  readonly playbook: string | undefined;
  readonly arguments: ReadonlyMap<string, Value>;
  readonly conditions: readonly Branch[];
  readonly form: Form | undefined;
  /** A condition that is asked of a person: the labels to choose from. */
  readonly replyOptions: readonly string[];
  readonly loop: Loop | undefined;
  readonly fieldMapping: readonly { readonly field: string; readonly value: Value }[];
  readonly separateContext: boolean;
  readonly continueOnError: boolean;
  readonly errorPath: boolean;
  readonly skipUnavailable: boolean;
}

/** A command of an integration (or of XSOAR itself: brand `Builtin`), or a script. */
export interface Work {
  readonly kind: 'command' | 'script';
  readonly name: string;
  readonly brand: string;
}

/** `simple` is text with `${…}` in it; `complex` takes values from the context and changes them. */
export type Value =
  | { readonly kind: 'simple'; readonly text: string }
  | {
      readonly kind: 'complex';
      readonly root: string;
      readonly accessor: string;
      readonly filters: Groups;
      readonly transformers: readonly Transformer[];
    };

/** One side of a comparison, or an argument of a transformer: a path in the context where `isContext`, else text. */
export interface Operand {
  readonly value: Value;
  readonly isContext: boolean;
}

export interface Comparison {
  readonly operator: string;
  readonly left: Operand;
  readonly right: Operand | undefined;
  readonly ignoreCase: boolean;
}

/** All groups must hold; a group holds where one of its comparisons does. */
export type Groups = readonly (readonly Comparison[])[];

export interface Transformer {
  readonly operator: string;
  readonly arguments: ReadonlyMap<string, Operand>;
}

export interface Branch {
  readonly label: string;
  readonly groups: Groups;
}

export interface Form {
  readonly title: string;
  readonly description: string;
  readonly questions: readonly Question[];
}

export interface Question {
  readonly id: string;
  readonly label: Value;
  readonly type: string;
  readonly required: boolean;
  readonly options: readonly Value[];
}

export interface Loop {
  readonly forEach: boolean;
  /** Left when it holds after a round; none for a loop over inputs. */
  readonly exit: Groups;
  /** A script that answers `yes` to leave, in place of `exit`. */
  readonly script: Work | undefined;
  readonly scriptArguments: ReadonlyMap<string, Value>;
  /** The label of the script that leaves the loop. */
  readonly exitLabel: string;
  readonly most: number;
  /** Between rounds. */
  readonly waitMinutes: number;
}

/** What a person calls a task: `task "4" (Get the decision)`. */
export function taskTitle(task: Pick<Task, 'id' | 'name'>): string {
  return task.name === '' ? `task "${task.id}"` : `task "${task.id}" (${task.name})`;
}
