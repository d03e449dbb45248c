import { closerOf } from './machines.ts';
import { type Entry, type Fields, fail, isErrorEntry, merged, runCommand, sentenceOf } from './platform.ts';
import { fieldOf, isObject, reasonIn, textOf } from './values.ts';

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
  return {
    eventId: fieldOf(incident, 'verdicteventid') || textOf(event.event_id, 'event_id'),
    jobId: fieldOf(incident, 'verdictjobid') || textOf(event.job_id, 'job_id'),
    reason: reasonOf(incident),
    notes: textOf(incident.closeNotes, 'closeNotes'),
    user: closerOf(incident),
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
    taken(
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

/** What an analyst said and an outage kept back, as it stands in the field `verdictfeedback`. */
export interface Waiting {
  /** A label that was answered, or a close reason, which the instance maps when it is sent. */
  readonly kind: 'label' | 'reason';
  readonly said: string;
  readonly user: string;
  readonly notes: string;
}

/** What an answer stands under where XSOAR did not say who gave it. */
const UNKNOWN = 'unknown analyst';

/** How it begins, with how often it was tried again. */
const NOT_SENT = /^not sent(?:, tried (\d+) times?)?/i;
/** What playbooks note of it; why the analyst said so may be empty. */
const WAITING = /^not sent[\s\S]*?; (the answer was|closed as) ([^;]+)(?:; because: ([\s\S]*))?$/i;

/** Whether an incident waits for its feedback to be sent. */
export function isWaiting(incident: Fields): boolean {
  return NOT_SENT.test(fieldOf(incident, 'verdictfeedback'));
}

/** What was said and waits in an incident; undefined where nothing was noted but that something was not sent. */
export function waitingIn(incident: Fields): Waiting | undefined {
  const found = WAITING.exec(fieldOf(incident, 'verdictfeedback'));
  if (found === null) return undefined;
  return {
    kind: /^closed/i.test(textOf(found[1], 'kind')) ? 'reason' : 'label',
    said: textOf(found[2], 'said'),
    user: fieldOf(incident, 'verdictfeedbackuser') || UNKNOWN,
    notes: textOf(found[3], 'notes'),
  };
}

/** How often the feedback of an incident was tried again. */
export function triesOf(incident: Fields): number {
  const found = NOT_SENT.exec(fieldOf(incident, 'verdictfeedback'));
  return found === null ? 0 : Number(found[1] || 0);
}

/** What the field says after one more try that failed: why, or what waits, as it was. */
export function triedAgain(incident: Fields, sentence: string): string {
  const tries = triesOf(incident) + 1;
  const start = `not sent, tried ${tries} ${tries === 1 ? 'time' : 'times'}`;
  const before = fieldOf(incident, 'verdictfeedback');
  return WAITING.test(before) ? `${start}${before.replace(NOT_SENT, '')}` : `${start}: ${sentence}`;
}

/** Sends what waits, of the event of a close: under the name of who said it, and with what they wrote. */
export function sendWaiting(closed: Closed, { kind, said, user, notes }: Waiting): Outcome {
  const own = merged(closed, { user, notes, reason: said });
  return kind === 'label' ? sendLabel(own, said) : sendClosed(own);
}

/**
 * Feedback is sent when an instance took it and none was out of reach: one that knows nothing of the event has no say, but one that is
 * down may be the one that learns from it. Sent again, the same word of the same person counts once.
 */
function taken(entries: readonly Entry[]): void {
  firstGood(entries);
  const down = entries.filter((entry) => isErrorEntry(entry) && isOutOfReach(textOf(entry.Contents, 'Contents')))[0];
  if (down !== undefined) fail(textOf(down.Contents, 'Contents'));
}

/** Whether a sentence says that a service cannot be asked at all, whatever it is asked. */
export function isOutOfReach(sentence: string): boolean {
  return /cannot be reached|is not trusted/.test(sentence);
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
  return reasonIn(incident, field);
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
