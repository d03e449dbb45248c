import { type Fields, fail, instanceParameters, readMemory } from './platform.ts';
import { call, notVerdictHere } from './server.ts';
import { textOf } from './values.ts';

/** The job that a command means: its own, the one set for the instance, or the one of its parameters. */
export function jobIdOf(args: Fields): number {
  const given = textOf(args.job_id, 'job_id');
  const text = given || defaultJobId();
  if (text === '') fail('job_id is empty and the instance has no default: give one of the two. arcanna-get-jobs lists them.');
  return /^\d{1,15}$/.test(text) ? Number(text) : fail(`job_id must be a whole number such as 1201, not “${text}”.`);
}

/** The default job as text; '' where none is set (older instances say -1). */
export function defaultJobId(): string {
  const text =
    textOf(readMemory().default_job_id, 'The default job id') ||
    textOf(instanceParameters().default_job_id, 'The default job id');
  return text === '-1' ? '' : text;
}

/** The labels of a job, by name. */
export function labelsOf(jobId: number): string[] {
  const answer = call('GET', `/api/v1/jobs/${jobId}/labels`);
  return Array.isArray(answer) ? answer.map((label) => String(label)) : fail(notVerdictHere());
}

/** Ids that playbooks written for Arcanna before 1.45 use for labels: the label’s name stands before the line. */
const OLDER_ID = /^(drop|escalate)_alert$/;

const CLASS_ID = /^class_\d+$/i;

/**
 * Whether a label may be given to events of a job: a name of the set, in any letter case or by its older id, or the class id of one.
 * @param isWhole whether the set has all names of the job, in its order; otherwise it may be a part of them.
 */
export function mayLabel(jobId: number, label: string, set: readonly string[], isWhole: boolean): boolean {
  if (isLabelOf(label, set)) return true;
  if (!CLASS_ID.test(label)) return false;
  const ids = classIdsOf(jobId);
  // An older service does not list them: only it can tell.
  if (ids.length === 0) return true;
  const at = ids.indexOf(label.toLowerCase());
  return at >= 0 && (isWhole || isLabelOf(labelsOf(jobId)[at] || '', set));
}

/** The class ids of the labels of a job, in the order of {@link labelsOf}; none where the service is too old to list them. */
function classIdsOf(jobId: number): string[] {
  const answer = call('GET', `/api/v1/jobs/${jobId}/labels?as=class_ids`);
  if (!Array.isArray(answer)) return fail(notVerdictHere());
  const ids = answer.map((id) => String(id));
  return ids.every((id) => CLASS_ID.test(id)) ? ids : [];
}

function isLabelOf(label: string, set: readonly string[]): boolean {
  const lower = label.toLowerCase();
  const names = set.map((name) => name.toLowerCase());
  return names.indexOf(lower) >= 0 || (OLDER_ID.test(lower) && names.indexOf(lower.replace(OLDER_ID, '$1')) >= 0);
}
