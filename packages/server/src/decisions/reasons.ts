import type { Explanation, PointValue, Reason } from '@verdict/engine';
import type { Job } from '../jobs/job.ts';
import type { Decision } from './decision.ts';

/** At most five short sentences that say why, for a War Room note: text only, whatever the alert holds. */
export function reasonSentences(job: Job, decision: Decision | undefined, explanation: Explanation | undefined): string[] {
  if (!decision) {
    return [
      job.points.length === 0
        ? 'No decision points are chosen yet, so there is nothing to decide on.'
        : 'There was no trained model to decide it; label some alerts and train, then reprocess.',
    ];
  }
  if (decision.classNo === null) return ["The alert has none of the model's decision points."];
  const label = labelName(job, decision.classNo);
  const sentences: string[] = [];
  if (decision.labelled) sentences.push('Analysts have labelled alerts with exactly these values.');
  for (const reason of explanation?.towards.slice(0, 3) ?? []) sentences.push(sentenceOf(reason, label));
  const against = explanation?.against[0];
  if (against) sentences.push(sentenceOf(against, label));
  if (decision.outlier) sentences.push('It is unlike anything the model was trained on.');
  return sentences.slice(0, 5);
}

/** One decision point's part in words. */
export function sentenceOf(reason: Reason, label: string): string {
  const direction = reason.weight >= 0 ? 'speaks for' : 'speaks against';
  return `${reason.point} ${showValue(reason.value)} ${direction} ${label}.`;
}

/** Name of a label by its class number, also of one that is no longer offered. */
export function labelName(job: Job, classNo: number): string {
  return job.labels.find((label) => label.classNo === classNo)?.name ?? `class_${classNo}`;
}

const LONGEST = 60;

/** Alert text is written by attackers: short, and without characters that hide or reorder others. */
function showValue(value: PointValue): string {
  if (value === null) return 'is missing and that';
  const text = Array.isArray(value) ? value.map(String).join(', ') : String(value);
  const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  const characters = [...visible];
  return `"${characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : visible}"`;
}
