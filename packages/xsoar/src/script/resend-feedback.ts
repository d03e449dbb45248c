import {
  closedOf,
  firstGood,
  isOutOfReach,
  isWaiting,
  noteInIncident,
  sendClosed,
  sendWaiting,
  triedAgain,
  triesOf,
  waitingIn,
} from './feedback-of-close.ts';
import { type Entry, type Fields, fail, givenArguments, resultEntry, runCommand, sentenceOf, table } from './platform.ts';
import { isObject, neededText, numberOf, textOf } from './values.ts';

const LIMIT = 100;
/** How many incidents are asked for at once, and how many times at most. */
const PAGE = 100;
const MOST_PAGES = 100;

/** The script of *Verdict - Resend feedback*: sends the feedback of closed incidents that an outage kept from Verdict. */
export function run(): Entry {
  const args = givenArguments();
  const limit = numberOf(args.limit, 'limit') || LIMIT;
  const waiting = leastTriedFirst(foundBy(neededText(args.query, 'query')).filter(isWaiting));
  const rows = resendAll(waiting.slice(0, limit));
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

/** All of them are read before anything is written: what is sent is found no more, and the pages would shift. */
function foundBy(query: string): Fields[] {
  let found: Fields[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const more = incidentsOf(firstGood(runCommand('getIncidents', { query, size: PAGE, page })));
    found = found.concat(more);
    if (more.length < PAGE) break;
  }
  return found;
}

/** What fails again and again must not keep its place before what was never tried; else the order in which they were found. */
function leastTriedFirst(waiting: readonly Fields[]): Fields[] {
  return waiting
    .map((incident, at) => ({ incident, at, tries: triesOf(incident) }))
    .sort((a, b) => a.tries - b.tries || a.at - b.at)
    .map(({ incident }) => incident);
}

/** One after the other. Where Verdict cannot be reached for one it cannot for any, and trying them all would take hours. */
function resendAll(waiting: readonly Fields[]): Fields[] {
  const rows: Fields[] = [];
  for (let i = 0; i < waiting.length; i++) {
    const row = resend(waiting[i] as Fields);
    rows.push(row);
    if (row.status === 'failed' && isOutOfReach(String(row.sentence))) break;
  }
  return rows;
}

/** Each incident by itself: one that cannot be read must not keep the others waiting. */
function resend(incident: Fields): Fields {
  try {
    return resendOne(incident);
  } catch (thrown) {
    return failed(incident, sentenceOf(thrown));
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
  return failed(incident, outcome.sentence);
}

/** Noted with how often it was tried, and otherwise left as it was given. */
function failed(incident: Fields, sentence: string): Fields {
  noteInIncident({ id: incident.id, verdictfeedback: triedAgain(incident, sentence) });
  return { incident: String(incident.id), status: 'failed', feedback: '', sentence };
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
