import { closedOf, fieldOf, firstGood, noteInIncident, sendClosed, sendLabel } from './feedback-of-close.ts';
import { type Entry, type Fields, fail, givenArguments, merged, resultEntry, runCommand, table } from './platform.ts';
import { isObject, neededText, numberOf, textOf } from './values.ts';

const NOT_SENT = /^not sent/i;
const LIMIT = 100;

/** The script of *Verdict - Resend feedback*: sends the feedback of closed incidents that an outage kept from Verdict. */
export function run(): Entry {
  const args = givenArguments();
  const found = firstGood(
    runCommand('getIncidents', { query: neededText(args.query, 'query'), size: numberOf(args.limit, 'limit') || LIMIT }),
  );
  const rows = incidentsOf(found)
    .filter((incident) => NOT_SENT.test(fieldOf(incident, 'verdictfeedback')))
    .map(resend);
  const count = (status: string) => rows.filter((row) => row.status === status).length;
  const result = { sent: count('sent'), failed: count('failed'), skipped: count('no label'), incidents: rows };
  const human =
    rows.length === 0
      ? 'No incident waits for its feedback to be sent.'
      : table('Verdict - Resend feedback', rows, ['incident', 'status', 'feedback', 'sentence']);
  return resultEntry(result, human, { 'Verdict.Resend(true)': result });
}

/** What Triage notes where an analyst's answer could not be sent. */
const ANSWER = /the answer was (.+)$/;

function resend(incident: Fields): Fields {
  const id = textOf(incident.id, 'id');
  const closed = closedOf(incident, {});
  // An answer that was given is sent as it was given: the close reason may say something else, and come from somebody else.
  const given = ANSWER.exec(fieldOf(incident, 'verdictfeedback'));
  const answer = given === null ? '' : given[1] || '';
  const user = answer === '' ? closed.user : fieldOf(incident, 'verdictfeedbackuser');
  if (user === '') return { incident: id, status: 'no label', feedback: '', sentence: 'no person closed the incident.' };
  const outcome = answer === '' ? sendClosed(closed) : sendLabel(merged(closed, { user }), answer);
  if (outcome.kind === 'sent') {
    noteInIncident({ id, verdictfeedback: outcome.label, verdictfeedbackuser: user });
    return { incident: id, status: 'sent', feedback: outcome.label, sentence: '' };
  }
  if (outcome.kind === 'failed' && answer === '') noteInIncident({ id, verdictfeedback: `not sent: ${outcome.sentence}` });
  return { incident: id, status: outcome.kind, feedback: '', sentence: outcome.sentence };
}

function incidentsOf(entry: Entry): Fields[] {
  const contents = entry.Contents;
  const data = isObject(contents) ? contents.data : contents;
  if (data === null || data === undefined) return [];
  return Array.isArray(data)
    ? data.filter(isObject)
    : fail('XSOAR answered the query for incidents in a form that is not known.');
}
