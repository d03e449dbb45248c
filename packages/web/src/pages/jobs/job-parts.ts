import type { AppJob, AppJobChange } from '@verdict/client/browser';

/** What of a use case its form reads. */
export type EditableJob = Pick<AppJob, 'title' | 'description' | 'labels' | 'integrations' | 'settings'>;

/** A label as somebody edits it; one without a class id is new. */
export interface EditedLabel {
  readonly classId: string | null;
  readonly name: string;
  readonly color: string;
}

/** What of a use case is changed in its form, part by part: each is saved, and compared with what others did, by itself. */
export interface JobParts {
  readonly title: string;
  readonly description: string;
  /** Numbers of the integrations that it takes alerts from. */
  readonly inputs: readonly number[];
  readonly labels: readonly EditedLabel[];
  readonly agentVotes: AppJob['settings']['agent_votes'];
  /** Shares, 0 to 1. */
  readonly outlierRate: number;
  readonly auditRate: number;
  readonly protectedPoints: readonly string[];
}

export const PART_WORDS: Readonly<Record<keyof JobParts, string>> = {
  title: 'the title',
  description: 'the description',
  inputs: 'the input integrations',
  labels: 'the labels',
  agentVotes: 'what votes of agents count for',
  outlierRate: 'the share of outliers',
  auditRate: 'the share of audits',
  protectedPoints: 'the protected decision points',
};

/** The parts of a use case as it is. */
export function partsOf(job: EditableJob): JobParts {
  return {
    title: job.title,
    description: job.description,
    inputs: job.integrations.filter(({ role }) => role === 'input').map(({ integration_id: id }) => id),
    labels: job.labels
      .filter(({ retired }) => !retired)
      .map(({ class_id: classId, name, hex_color: color }) => ({ classId, name, color })),
    agentVotes: job.settings.agent_votes,
    outlierRate: job.settings.outlier_rate,
    auditRate: job.settings.audit_rate,
    protectedPoints: job.settings.protected_points,
  };
}

/** The parts that differ. */
export function differing(a: JobParts, b: JobParts): (keyof JobParts)[] {
  return (Object.keys(PART_WORDS) as (keyof JobParts)[]).filter((part) => JSON.stringify(a[part]) !== JSON.stringify(b[part]));
}

/**
 * What has to be asked for so that a use case becomes as wished: new names of labels one by one, because a label keeps its class id only so, and
 * then all the rest at once; null where nothing is left. Wires that are no input stay.
 */
export function stepsTo(
  job: EditableJob,
  wish: JobParts,
): { readonly renames: readonly { readonly classId: string; readonly name: string }[]; readonly change: AppJobChange | null } {
  const before = partsOf(job);
  const changed = new Set(differing(before, wish));
  const known = new Map(before.labels.map((label) => [label.classId, label]));
  const renames = wish.labels.flatMap(({ classId, name }) => {
    const label = known.get(classId);
    return classId !== null && label !== undefined && label.name !== name ? [{ classId, name }] : [];
  });
  const bare = ({ labels }: JobParts) => JSON.stringify(labels.map(({ classId, color }) => [classId, color]));
  const settings = {
    ...(changed.has('agentVotes') ? { agent_votes: wish.agentVotes } : {}),
    ...(changed.has('outlierRate') ? { outlier_rate: wish.outlierRate } : {}),
    ...(changed.has('auditRate') ? { audit_rate: wish.auditRate } : {}),
    ...(changed.has('protectedPoints') ? { protected_points: [...wish.protectedPoints] } : {}),
  };
  const change: AppJobChange = {
    ...(changed.has('title') ? { title: wish.title } : {}),
    ...(changed.has('description') ? { description: wish.description } : {}),
    ...(changed.has('inputs') ? { integrations: wiresTo(job, wish.inputs) } : {}),
    ...(bare(before) === bare(wish) ? {} : { labels: wish.labels.map(({ name, color }) => ({ name, hex_color: color })) }),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
  };
  return { renames, change: Object.keys(change).length > 0 ? change : null };
}

/** All wires of a use case with these inputs: those that it has stay as they are, and in their place. */
function wiresTo({ integrations }: EditableJob, inputs: readonly number[]): AppJob['integrations'] {
  const stays = integrations.filter(({ role, integration_id: id }) => role !== 'input' || inputs.includes(id));
  const had = new Set(stays.filter(({ role }) => role === 'input').map(({ integration_id: id }) => id));
  const more = inputs.filter((id) => !had.has(id)).map((id) => ({ integration_id: id, role: 'input', enabled: true }));
  return [...more, ...stays];
}
