import { closedOf, fieldOf, firstGood, noteInIncident, sendClosed } from './feedback-of-close.ts';
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

function resend(incident: Fields): Fields {
  const id = textOf(incident.id, 'id');
  const closed = closedOf(incident, {});
  const user = closed.user || fieldOf(incident, 'verdictfeedbackuser');
  const outcome = sendClosed(merged(closed, { user }));
  if (outcome.kind === 'sent') {
    noteInIncident({ id, verdictfeedback: outcome.label, verdictfeedbackuser: user });
    return { incident: id, status: 'sent', feedback: outcome.label, sentence: '' };
  }
  if (outcome.kind === 'failed') noteInIncident({ id, verdictfeedback: `not sent: ${outcome.sentence}` });
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
