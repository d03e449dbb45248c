import {
  closedOf,
  firstGood,
  isOutOfReach,
  isWaiting,
  noteInIncident,
  sendClosed,
  sendWaiting,
  waitingIn,
} from './feedback-of-close.ts';
import { type Entry, type Fields, fail, givenArguments, resultEntry, runCommand, sentenceOf, table } from './platform.ts';
import { isObject, neededText, numberOf, textOf } from './values.ts';

const LIMIT = 100;
const PAGE = 100;
const MOST_PAGES = 50;

/** The script of *Verdict - Resend feedback*: sends the feedback of closed incidents that an outage kept from Verdict. */
export function run(): Entry {
  const args = givenArguments();
  const waiting = waitingIncidents(neededText(args.query, 'query'));
  const rows = resendAll(waiting, numberOf(args.limit, 'limit') || LIMIT);
  const count = (status: string) => rows.filter((row) => row.status === status).length;
  const left = waiting.length - rows.length;
  const result = { sent: count('sent'), failed: count('failed'), skipped: count('no label'), left, incidents: rows };
  const human =
    rows.length === 0
      ? 'No incident waits for its feedback to be sent.'
      : table('Verdict - Resend feedback', rows, ['incident', 'status', 'feedback', 'sentence']);
  const more = left === 0 ? '' : `\n${left} more wait for the next run.`;
  return resultEntry(result, `${human}${more}`, { 'Verdict.Resend(true)': result });
}

/** All that wait, before the first is sent: what is sent is not found any more, and would move the pages. */
function waitingIncidents(query: string): Fields[] {
  let found: Fields[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const incidents = incidentsOf(firstGood(runCommand('getIncidents', { query, size: PAGE, page })));
    found = found.concat(incidents.filter(isWaiting));
    if (incidents.length < PAGE) break;
  }
  return found;
}

/** What cannot be sent counts for nothing, so that it never keeps back what can; without Verdict nothing can, and the run ends. */
function resendAll(waiting: readonly Fields[], limit: number): Fields[] {
  const rows: Fields[] = [];
  let done = 0;
  for (let i = 0; i < waiting.length && done < limit; i++) {
    const row = resend(waiting[i] as Fields);
    rows.push(row);
    if (row.status !== 'failed') done += 1;
    else if (isOutOfReach(String(row.sentence))) break;
  }
  return rows;
}

/** Each incident by itself: one that cannot be read must not keep the others waiting. */
function resend(incident: Fields): Fields {
  try {
    return resendOne(incident);
  } catch (thrown) {
    return { incident: String(incident.id), status: 'failed', feedback: '', sentence: sentenceOf(thrown) };
  }
}

function resendOne(incident: Fields): Fields {
  const id = textOf(incident.id, 'id');
  const closed = closedOf(incident, {});
  // What was said is sent as it was said: the close may say something else, and come from somebody else.
  const waiting = waitingIn(incident);
  const { user } = waiting || closed;
  if (user === '') return skipped(id, 'no person closed the incident.');
  const outcome = waiting ? sendWaiting(closed, waiting) : sendClosed(closed);
  if (outcome.kind === 'no label') return skipped(id, outcome.sentence);
  if (outcome.kind === 'sent') {
    noteInIncident({ id, verdictfeedback: outcome.label, verdictfeedbackuser: user });
    return { incident: id, status: 'sent', feedback: outcome.label, sentence: '' };
  }
  if (!waiting) noteInIncident({ id, verdictfeedback: `not sent: ${outcome.sentence}` });
  return { incident: id, status: 'failed', feedback: '', sentence: outcome.sentence };
}

/** What is no label never becomes one by waiting: noted as such, it does not take the place of others that wait. */
function skipped(id: string, sentence: string): Fields {
  noteInIncident({ id, verdictfeedback: `no label: ${sentence}` });
  return { incident: id, status: 'no label', feedback: '', sentence };
}

function incidentsOf(entry: Entry): Fields[] {
  const contents = entry.Contents;
  const data = isObject(contents) ? contents.data : contents;
  if (data === null || data === undefined) return [];
  return Array.isArray(data)
    ? data.filter(isObject)
    : fail('XSOAR answered the query for incidents in a form that is not known.');
}
