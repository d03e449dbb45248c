import type { ArgumentsByName } from '../pack/commands.ts';
import { closeReasons, closingReasonField, labelOfReason } from './close-reasons.ts';
import { contextOf, pathOf } from './event-commands.ts';
import { jobIdOf, labelsOf, mayLabel } from './jobs.ts';
import { type Entry, fail, merged, resultEntry, table } from './platform.ts';
import { callForObject } from './server.ts';
import { isObject, listOf, neededText, objectText, parseJson, textOf } from './values.ts';

/** arcanna-send-event-feedback */
export function sendFeedback(args: ArgumentsByName['arcanna-send-event-feedback']): Entry {
  const label = textOf(args.feedback, 'feedback') || textOf(args.label, 'label');
  if (label === '') fail('feedback is empty: give the label. Nothing was sent.');
  const jobId = jobIdOf(args);
  const eventId = neededText(args.event_id, 'event_id');
  const username = neededText(args.username, 'username');
  const given = listOf(args.decision_set).map((one) => String(one));
  const set = given.length > 0 ? given : labelsOf(jobId);
  if (!mayLabel(jobId, label, set, given.length === 0)) {
    fail(`“${label}” is not a label of the AI use case ${jobId}: give one of ${set.join(', ')}. Nothing was sent.`);
  }
  const notes = textOf(args.closing_notes, 'closing_notes');
  const answer = callForObject(
    'PUT',
    `${pathOf(jobId, eventId)}/feedback`,
    objectText({
      feedback: JSON.stringify(label),
      cortex_user: JSON.stringify(username),
      closing_notes: notes === '' ? undefined : JSON.stringify(notes),
      indicators: indicatorsText(args.indicators),
    }),
  );
  const result = { event_id: eventId, job_id: jobId, status: answer.status, feedback_status: answer.status };
  const rows = [merged(result, { feedback: label, username })];
  const headers = ['event_id', 'job_id', 'feedback', 'username', 'feedback_status'];
  return resultEntry(result, table('Arcanna Feedback', rows, headers), contextOf(result));
}

/** verdict-map-close-reason */
export function mapCloseReason(args: ArgumentsByName['verdict-map-close-reason']): Entry {
  const reason = neededText(args.close_reason, 'close_reason');
  const label = labelOfReason(reason, closeReasons());
  const result = { reason, label, mapped: label !== '' };
  const human =
    label === ''
      ? `The close reason “${reason}” is not mapped, so it is not a label and nothing is to be sent.`
      : table('Verdict Close Reason', [result], ['reason', 'label']);
  return resultEntry(result, human, { 'Verdict.CloseReason(true)': result });
}

/** arcanna-get-feedback-field */
export function getFeedbackField(): Entry {
  const field = closingReasonField();
  const human = table('Arcanna Feedback Field', [{ feedback_field: field }], ['feedback_field']);
  return resultEntry({ feedback_field: field }, human, { 'Arcanna.FeedbackField(true)': field });
}

function indicatorsText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') return JSON.stringify(value);
  const parsed = parseJson(value);
  return Array.isArray(parsed) || isObject(parsed) ? value : JSON.stringify(value);
}
