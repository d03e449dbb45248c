/** What a step may use each time it runs. */
export interface StepLimits {
  /** Seconds of computing. */
  readonly cpuSeconds: number;
  /** Megabytes of memory, the interpreter's own among them. */
  readonly memoryMb: number;
}

/** What a limit may be, and what it is where nobody says. The interpreter alone takes 16 MB. */
export const LIMITS = {
  cpuSeconds: { least: 0.01, usual: 1, most: 10 },
  memoryMb: { least: 24, usual: 64, most: 256 },
} as const;

/** Characters of source. */
export const SOURCE_MAX = 64 * 1024;
/** Steps of one job: each runs for each event. */
export const STEPS_MAX = 10;
/** Variables of one step, and characters in each. */
export const VARIABLES_MAX = 50;
export const VARIABLE_MAX = 10_000;
export const TITLE_MAX = 200;
export const DESCRIPTION_MAX = 10_000;

/** One version of a step as it is stored; variables are sealed. */
export interface StepVersion {
  readonly version: number;
  readonly source: string;
  /** Name → sealed value. */
  readonly sealed: Readonly<Record<string, string>>;
  readonly limits: StepLimits;
  readonly savedAt: number;
  readonly savedBy: string;
}

/** A step of a job: what a customer wrote to run on each event before the decision. */
export interface CodeStep {
  readonly id: number;
  readonly jobId: number;
  /** Unique in its job: saving under it again makes the next version. */
  readonly title: string;
  readonly description: string;
  /** Steps run in this order. */
  readonly position: number;
  readonly enabled: boolean;
  /** The version that runs. */
  readonly current: StepVersion;
}

/** A step ready to run. */
export interface RunnableStep {
  readonly title: string;
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly limits: StepLimits;
}

/** What a run is told: the steps, in order, and the record they work on. */
export interface RunOrder {
  readonly steps: readonly RunnableStep[];
  /** The record as JSON text. */
  readonly record: string;
  /** Bytes the record may have afterwards. */
  readonly recordMax: number;
}

/** What came of a run. Either every step returned a record, or none of them counts. */
export interface Ran {
  readonly stdout: string;
  /** What went wrong, for whoever wrote the step; what the step wrote with `console.error` before it. */
  readonly stderr: string;
  /** JSON text; null when a step failed. */
  readonly record: string | null;
  /** What went wrong in one sentence, naming the step; null when nothing did. */
  readonly failure: string | null;
  /** A limit of time or memory was passed. */
  readonly exhausted: boolean;
}

/** A run that came to nothing. */
export function failedRun(failure: string, more: Partial<Ran> = {}): Ran {
  return { stdout: '', stderr: failure, record: null, failure, exhausted: false, ...more };
}

/** What stands in for a step's answer where somebody sends Python. */
export const PYTHON_REFUSED = 'Code steps are JavaScript';

/** Whether a source is Python: clients written for Arcanna send `def transform(input_record):`. */
export function isPython(source: string): boolean {
  return /^[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(/m.test(source) && !/\bfunction\b|=>/.test(source);
}
