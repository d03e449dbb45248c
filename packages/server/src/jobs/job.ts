import { checkPointPath, type PointType } from '@verdict/engine';

/** How feedback is shared: over the bucket, or not at all. */
export const CATEGORIES = ['Decision intelligence', 'Event centric decision intelligence'] as const;
export type Category = (typeof CATEGORIES)[number];

/** One possible decision of a job. Its class number never changes; its name, colour and place may. */
export interface Label {
  readonly classNo: number;
  readonly name: string;
  readonly hexColor: string;
  readonly position: number;
  /** No longer offered; kept because old feedback and models name it. */
  readonly retired: boolean;
}

/** Settings of a job with their defaults applied. What this version stores without acting on it is under `stored`. */
export interface JobSettings {
  /** Minutes an analyst spends on one alert, for "time saved". */
  readonly minutesPerAlert: number;
  /** Days after which events are removed; null = never. */
  readonly retentionDays: number | null;
  /** Share of ordinary events that may be flagged as outliers. */
  readonly outlierRate: number;
  /** Whether votes of agents count by themselves or when a person has confirmed them. */
  readonly agentVotes: 'confirm' | 'count';
  /** Share of the traffic that is drawn for the guard's audits once a lead opens it. */
  readonly auditRate: number;
  /** Decision points whose unseen values always go to a person. */
  readonly protectedPoints: readonly string[];
  readonly feedbackColumns: readonly string[];
  readonly monitoring: unknown;
  readonly autoRetrain: unknown;
  /** Filled with made-up alerts, to look around in. */
  readonly demo: boolean;
}

export const DEFAULT_SETTINGS: JobSettings = {
  minutesPerAlert: 10,
  retentionDays: null,
  outlierRate: 0.02,
  agentVotes: 'confirm',
  auditRate: 0.05,
  protectedPoints: [],
  feedbackColumns: [],
  monitoring: null,
  autoRetrain: null,
  demo: false,
};

/** What a job is wired to, in pipeline order. */
export interface JobIntegration {
  readonly integrationId: number;
  readonly role: string;
  readonly enabled: boolean;
  /** auto_id, storage_tag, storage_tag_display_name, parameters as the document gave them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One triage flow; people see *AI use case*. */
export interface Job {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly category: Category;
  readonly running: boolean;
  readonly settings: JobSettings;
  readonly labels: readonly Label[];
  /** 0 = no decision points were ever chosen. */
  readonly pointsVersion: number;
  readonly points: readonly string[];
  /** Types that a person has set, by path. */
  readonly pointTypes: Readonly<Record<string, PointType>>;
  readonly activeModelId: number | null;
  /** A model that decides silently beside the active one, and since when. */
  readonly shadowModelId: number | null;
  readonly shadowSince: number | null;
  readonly trainState: string | null;
  readonly trainMessage: string | null;
  readonly trainStartedAt: number | null;
  readonly trainFinishedAt: number | null;
  readonly integrations: readonly JobIntegration[];
  /** Code steps run before the decision: its events are pending until a task has carried them on. */
  readonly hasCodeSteps: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Grows with every change of the job; caches compare it. */
  readonly version: number;
}

/** Counters of a job that grow with its events. */
export interface JobCounters {
  readonly events: number;
  readonly eventsWithFeedback: number;
  readonly lastEventAt: number | null;
  readonly lastFeedbackAt: number | null;
}

export const NO_COUNTERS: JobCounters = { events: 0, eventsWithFeedback: 0, lastEventAt: null, lastFeedbackAt: null };

/** The labels of a job that names none. */
export const DEFAULT_LABELS: readonly { readonly name: string; readonly hexColor: string }[] = [
  { name: 'Escalate', hexColor: '#ed0a2c' },
  { name: 'Drop', hexColor: '#10b981' },
  { name: 'Investigate', hexColor: '#2563eb' },
];

/** Colours given to labels that come without one, in turn. */
const PALETTE = ['#ed0a2c', '#10b981', '#2563eb', '#f59e0b', '#8b5cf6', '#ec4899', '#14b8a6', '#64748b'];

export const MAX_LABELS = 20;
export const MAX_POINTS = 100;

/** Whether votes of one event count for all events of its bucket. */
export function sharesFeedback(category: Category): boolean {
  return category === 'Decision intelligence';
}

/** `class_0`, the wire's name of a class number. */
export function classId(classNo: number): string {
  return `class_${classNo}`;
}

/** The labels that may be given now, in class-id order. */
export function openLabels(labels: readonly Label[]): readonly Label[] {
  return labels.filter((label) => !label.retired).sort((a, b) => a.classNo - b.classNo);
}

/** Names that older clients send for a label, whatever its number. */
const OLD_IDS: Readonly<Record<string, string>> = { drop_alert: 'drop', escalate_alert: 'escalate' };

/**
 * Finds a label by its name in any letter case, its class id, or the old ids `drop_alert` and `escalate_alert` where a label of that name
 * is there. A name wins over a class id.
 */
export function findLabel(labels: readonly Label[], text: string): Label | undefined {
  const wanted = labelKey(text);
  const open = openLabels(labels);
  return (
    open.find((label) => labelKey(label.name) === wanted) ??
    open.find((label) => classId(label.classNo) === wanted) ??
    open.find((label) => labelKey(label.name) === OLD_IDS[wanted])
  );
}

function labelKey(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

/**
 * The labels of a job after a document asked for these names, in this order. A name that was there before (in any letter case) keeps its
 * class number, also when it had been retired; a new one gets the next free number; one that is no longer named is retired, never removed.
 * @throws Error with a sentence when a name is empty, repeated, looks like a class id, or there are fewer than two or too many.
 */
export function planLabels(
  current: readonly Label[],
  wanted: readonly { readonly name: string; readonly hexColor?: string | undefined }[],
): Label[] {
  if (wanted.length < 2) throw new Error('A use case needs at least two labels.');
  if (wanted.length > MAX_LABELS) throw new Error(`A use case can have at most ${MAX_LABELS} labels.`);
  const seen = new Set<string>();
  let next = current.reduce((top, label) => Math.max(top, label.classNo + 1), 0);
  const planned = wanted.map(({ name, hexColor }, position): Label => {
    const key = labelKey(name);
    checkLabelName(name);
    if (seen.has(key)) throw new Error(`The label "${name}" is named twice.`);
    if (hexColor !== undefined && !/^#[0-9a-f]{6}$/i.test(hexColor))
      throw new Error(`"${hexColor}" is not a colour; write it like #10b981.`);
    seen.add(key);
    const before = current.find((label) => labelKey(label.name) === key);
    const classNo = before?.classNo ?? next++;
    const color =
      hexColor ??
      before?.hexColor ??
      DEFAULT_LABELS.find((label) => labelKey(label.name) === key)?.hexColor ??
      PALETTE[classNo % PALETTE.length]!;
    return { classNo, name: name.trim(), hexColor: color.toLowerCase(), position, retired: false };
  });
  const gone = current
    .filter((label) => !seen.has(labelKey(label.name)))
    .map((label, index): Label => ({ ...label, position: planned.length + index, retired: true }));
  return [...planned, ...gone].sort((a, b) => a.classNo - b.classNo);
}

/** @throws Error with a sentence when this cannot be the name of a label. */
export function checkLabelName(name: string): void {
  const key = labelKey(name);
  if (key === '') throw new Error('A label needs a name.');
  if (name.length > 100) throw new Error('The name of a label can have at most 100 characters.');
  if (/^class_\d+$/.test(key) || key === 'no_decision')
    throw new Error(`"${name}" is a reserved name; give the label another one.`);
}

/**
 * Checks a choice of decision points: trims, drops repeats, keeps the order.
 * @throws Error with a sentence that names the point and what is wrong with it.
 */
export function planPoints(points: readonly string[]): string[] {
  const planned = [...new Set(points.map((point) => point.trim()))];
  if (planned.length > MAX_POINTS) throw new Error(`At most ${MAX_POINTS} decision points can be chosen.`);
  for (const point of planned) {
    const problem = checkPointPath(point);
    if (problem) throw new Error(`Decision point "${point.slice(0, 100)}": ${problem}`);
  }
  return planned;
}

/**
 * The types of decision points after a change: those set before stay where their point does, `null` takes one back.
 * @throws Error with a sentence that names what is no decision point.
 */
export function planPointTypes(
  before: Readonly<Record<string, PointType>>,
  change: Readonly<Record<string, PointType | null>>,
  points: readonly string[],
): Record<string, PointType> {
  for (const path of Object.keys(change)) {
    if (!points.includes(path))
      throw new Error(
        `"${path.slice(0, 100)}" is not a decision point of this AI use case; choose it first, or leave its type out.`,
      );
  }
  const set = (path: string) =>
    (Object.hasOwn(change, path) ? change[path] : Object.hasOwn(before, path) ? before[path] : null) ?? null;
  return Object.fromEntries(
    points.flatMap((path) => {
      const type = set(path);
      return type === null ? [] : [[path, type] as const];
    }),
  );
}

/** Whether two choices of decision points are the same: the same paths in the same order. */
export function samePoints(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((point, index) => point === b[index]));
}

/** What the v1 API calls the status of a job. */
export function jobStatus(job: Job): 'ENABLED' | 'DISABLED' | 'READY_TO_SELECT_FEATURES' {
  if (!job.running) return 'DISABLED';
  return job.points.length === 0 ? 'READY_TO_SELECT_FEATURES' : 'ENABLED';
}
