import { type Closed, closedOf, noteInIncident, sendClosed, sendWaiting, waitingIn } from './feedback-of-close.ts';
import {
  currentContext,
  currentIncident,
  type Entry,
  type Fields,
  givenArguments,
  isErrorEntry,
  merged,
  resultEntry,
  runCommand,
  sentenceOf,
} from './platform.ts';
import { fieldOf, fieldsWhere, isObject, plain } from './values.ts';

/**
 * The post-processing script of *Verdict - Close feedback*: sends an analyst's close to Verdict. It never throws, because that
 * would stop the analyst from closing; what could not be sent is noted in the incident, and *Verdict - Resend feedback* sends it.
 */
export function run(): Entry {
  try {
    return closeFeedback();
  } catch (thrown) {
    const sentence = sentenceOf(thrown);
    noteInIncident({ verdictfeedback: `not sent: ${sentence}` });
    return warning(`Verdict was not told of the close: ${sentence}`);
  }
}

function closeFeedback(): Entry {
  const incident = merged(currentIncident(), filled(givenArguments()));
  const context = currentContext();
  const by = closedByMachine(incident, context);
  if (by !== '') return said(`Nothing was sent to Verdict: ${plain(by)} closed the incident, not a person.`);
  const closed = closedOf(incident, context);
  if (closed.user === '') return said('Nothing was sent to Verdict: no person closed the incident.');
  if (closed.eventId === '') return said('Nothing was sent to Verdict: the incident is no event of it.');
  return tell(closed, incident);
}

/**
 * The playbook that made this close; '' where none did. A playbook sets the mark before it closes. It stands for that one close: what the
 * close says is kept in its place, so that a later close, after the incident was opened again, is the word of who made it.
 */
function closedByMachine(incident: Fields, context: Fields): string {
  const marks = isObject(context.Verdict) ? context.Verdict : {};
  const close = {
    reason: String(incident.closeReason || ''),
    notes: String(incident.closeNotes || ''),
    user: String(incident.closingUserId || incident.ClosingUserId || ''),
  };
  if (marks.ClosedBy) {
    const value = JSON.stringify(merged(close, { by: String(marks.ClosedBy) }));
    const kept = runCommand('Set', { key: 'Verdict.MachineClose', value, append: 'false' });
    // What cannot be kept must stay marked: better a close of a person that is not sent than one of a machine that is.
    if (kept.length > 0 && !kept.some(isErrorEntry)) runCommand('DeleteContext', { key: 'Verdict.ClosedBy' });
    return String(marks.ClosedBy);
  }
  const last = isObject(marks.MachineClose) ? marks.MachineClose : {};
  const isSame = last.by && last.reason === close.reason && last.notes === close.notes && last.user === close.user;
  return isSame ? String(last.by) : '';
}

/** What the form of the close says goes before what the incident says, unless it is empty. */
function filled(given: Fields): Fields {
  return fieldsWhere(given, (name) => given[name] !== '' && given[name] !== null);
}

function tell(closed: Closed, incident: Fields): Entry {
  // An answer that waits to be sent was given first, and perhaps by somebody else.
  const waiting = waitingIn(incident);
  const before = waiting && sendWaiting(closed, waiting);
  const waits = before !== undefined && before.kind !== 'sent';
  const outcome = sendClosed(closed);
  if (outcome.kind === 'no label') return said(`Nothing was sent to Verdict: ${outcome.sentence}`);
  if (outcome.kind === 'sent') {
    if (!waits) noteInIncident({ verdictfeedback: outcome.label, verdictfeedbackuser: closed.user });
    return said(`Verdict was told ${plain(outcome.label)} by ${plain(closed.user)}.`);
  }
  if (!waits) {
    const note = { verdictfeedback: `not sent: ${outcome.sentence}`, verdictfeedbackuser: closed.user };
    noteInIncident(merged(note, eventOf(closed, incident)));
  }
  return warning(`Verdict was not told of the close: ${outcome.sentence} Verdict - Resend feedback sends it later.`);
}

/** The event, where only the context knew it: what sends the feedback later has the incident alone. */
function eventOf({ eventId, jobId }: Closed, incident: Fields): Fields {
  return fieldOf(incident, 'verdicteventid') === '' ? { verdicteventid: eventId, verdictjobid: jobId } : {};
}

function said(sentence: string): Entry {
  return resultEntry({ sentence }, sentence);
}

/** Written to the War Room as a note: an error would be taken for a failure of the close. */
function warning(sentence: string): Entry {
  return resultEntry({ warning: sentence }, `**Warning.** ${plain(sentence)}`);
}
