import { MACHINES } from './machines.ts';
import { type Entry, type Fields, fail, isErrorEntry, runCommand, sentenceOf } from './platform.ts';
import { isObject, textOf } from './values.ts';

/** What an analyst's close says. */
export interface Closed {
  readonly eventId: string;
  readonly jobId: string;
  readonly reason: string;
  readonly notes: string;
  readonly user: string;
}

/** What became of it. */
export type Outcome =
  | { readonly kind: 'sent'; readonly label: string }
  | { readonly kind: 'no label'; readonly sentence: string }
  | { readonly kind: 'failed'; readonly sentence: string };

/**
 * Reads the close of an incident: the event from its fields, or from the context where there is one.
 * `user` is '' where no person closed it.
 */
export function closedOf(incident: Fields, context: Fields): Closed {
  const event = lastEvent(context);
  const user = textOf(incident.closingUserId, 'closingUserId');
  return {
    eventId: fieldOf(incident, 'verdicteventid') || textOf(event.event_id, 'event_id'),
    jobId: fieldOf(incident, 'verdictjobid') || textOf(event.job_id, 'job_id'),
    reason: reasonOf(incident),
    notes: textOf(incident.closeNotes, 'closeNotes'),
    user: MACHINES.indexOf(user.toLowerCase()) < 0 ? user : '',
  };
}

/** Maps the reason and sends the label. The instance knows the mapping, and a script asks it by a command. */
export function sendClosed(closed: Closed): Outcome {
  const { reason } = closed;
  if (reason === '') return { kind: 'no label', sentence: 'the incident has no close reason.' };
  try {
    const label = labelFor(reason);
    if (label === '') return { kind: 'no label', sentence: `the close reason “${reason}” is not mapped to a label.` };
    return sendLabel(closed, label);
  } catch (thrown) {
    return { kind: 'failed', sentence: sentenceOf(thrown) };
  }
}

/** Sends a label that a person gave, under `user`. */
export function sendLabel({ eventId, jobId, notes, user }: Closed, label: string): Outcome {
  try {
    firstGood(
      runCommand('arcanna-send-event-feedback', {
        event_id: eventId,
        job_id: jobId,
        feedback: label,
        username: user,
        closing_notes: notes,
      }),
    );
    return { kind: 'sent', label };
  } catch (thrown) {
    return { kind: 'failed', sentence: sentenceOf(thrown) };
  }
}

/** Writes fields of an incident; without an id, of the one at hand. What cannot be written is no reason to fail. */
export function noteInIncident(fields: Fields): void {
  runCommand('setIncident', fields);
}

/** A field of an incident, whether XSOAR keeps it as its own or as a custom one. */
export function fieldOf(incident: Fields, name: string): string {
  const custom = isObject(incident.CustomFields) ? incident.CustomFields : {};
  return textOf(incident[name], name) || textOf(custom[name], name);
}

/** Of several instances one may answer and another not: the first good answer counts. */
export function firstGood(entries: readonly Entry[]): Entry {
  const good = entries.filter((entry) => !isErrorEntry(entry))[0];
  if (good !== undefined) return good;
  const first = entries[0];
  return fail(first === undefined ? 'No instance of the integration Verdict is enabled.' : textOf(first.Contents, 'Contents'));
}

function labelFor(reason: string): string {
  const entries = runCommand('verdict-map-close-reason', { close_reason: reason });
  firstGood(entries);
  return saidBy(entries, 'label') || '';
}

/** The field that the instance names, or the close reason where it cannot be asked. */
function reasonOf(incident: Fields): string {
  const field = saidBy(runCommand('arcanna-get-feedback-field', {}), 'feedback_field') || 'closeReason';
  return fieldOf(incident, field) || textOf(incident.closeReason, 'closeReason');
}

/** The first of the instances that says something under this name. */
function saidBy(entries: readonly Entry[], name: string): string | undefined {
  const texts = entries.map(({ Contents }) => (isObject(Contents) ? Contents[name] : undefined));
  return texts.filter((text): text is string => typeof text === 'string' && text !== '')[0];
}

function lastEvent(context: Fields): Fields {
  const arcanna = isObject(context.Arcanna) ? context.Arcanna : {};
  const events: unknown[] = Array.isArray(arcanna.Event) ? arcanna.Event : [arcanna.Event];
  const known = events.filter(isObject).filter((event) => event.event_id);
  return known[known.length - 1] || {};
}
