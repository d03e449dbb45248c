/** `error`: XSOAR refuses it, or it does not do what it should; `warning`: it may work, and should be looked at. */
export type Severity = 'error' | 'warning';

/** Something in a content pack that should be mended. */
export interface Finding {
  /** Relative to the folder that was checked, with forward slashes. */
  readonly file: string;
  readonly line: number;
  /** Which part of the file: a path of keys, or a task by id and name; empty for the file as a whole. */
  readonly place: string;
  readonly rule: RuleId;
  readonly severity: Severity;
  /** What is wrong. */
  readonly message: string;
  /** What to change. */
  readonly mend: string;
}

/** All rules, with what each asks for. */
export const RULES = {
  readable: 'Each YAML and JSON file can be read: a map of plain data, without anchors, tags and keys given twice.',
  'file-name': 'Folders and files of integrations and scripts have names in PascalCase; names of playbook files have no blanks.',
  'missing-file': 'What belongs to a pack, an integration or a script is there.',
  'metadata-keys': 'pack_metadata.json has all keys that the marketplace asks for.',
  'metadata-version': 'currentVersion is three numbers with dots.',
  'release-notes': 'The current version has release notes (but the first), and none are newer than it.',
  'required-keys': 'Each item has the keys that XSOAR needs of its kind.',
  'id-is-name': 'commonfields.id of integrations and scripts is their name.',
  'version-minus-one': 'The version of an item is -1.',
  'from-version': 'Each item says from which version of XSOAR on it works.',
  credentials: 'Secrets are credentials (type 9), with the user name hidden where there is none.',
  insecure: 'The parameter insecure is exactly as in all packs.',
  proxy: 'The parameter proxy is exactly as in all packs.',
  described: 'Each command, argument, parameter, output and input is described.',
  typed: 'Each output and parameter has a type that XSOAR knows.',
  'field-name': 'An incident field has an id of `incident_` and its cliName, which is small letters and digits.',
  es5: 'JavaScript is ES5.1, which is what XSOAR’s engine runs.',
  'task-id': 'A task stands under its own id, and taskid and task.id are one UUID.',
  circle: 'Tasks do not lead back to themselves.',
  'unreachable-task': 'Each task can be reached from the start.',
  'unreachable-branch': 'Each branch of a condition can be taken, and leads somewhere.',
  'missing-else': 'Each condition has an else.',
  'error-path': 'A task that continues on an error path has one, and an error path is used.',
  'undeclared-input': 'Inputs that are used are declared.',
  'unused-input': 'Inputs that are declared are used.',
  'fixed-instance': 'No task is bound to one instance by its name.',
  'delete-all-context': 'No playbook deletes the whole context.',
  'unknown-reference': 'What an expression names is given by an earlier task, an input or the incident.',
  'unknown-work': 'Commands, scripts and sub-playbooks of tasks are in the pack, or in XSOAR itself.',
  arguments: 'Tasks give the arguments that a command, script or sub-playbook has, and all that it needs.',
} as const;

export type RuleId = keyof typeof RULES;
