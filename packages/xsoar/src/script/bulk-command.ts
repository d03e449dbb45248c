import type { ArgumentsByName } from '../pack/commands.ts';
import { closeReasons, closingReasonField, labelOfReason, type MappedReason } from './close-reasons.ts';
import { jobIdOf } from './jobs.ts';
import { closerOf } from './machines.ts';
import { type Entry, type Fields, fail, merged, resultEntry, table } from './platform.ts';
import { callForObject } from './server.ts';
import { alertText, fieldsWhere, isObject, listOf, numberOf, objectText, parseJson, reasonIn, textOf } from './values.ts';

/** What the server takes at once. */
const MOST = 5000;

/** arcanna-send-bulk-events */
export function sendBulk(args: ArgumentsByName['arcanna-send-bulk-events']): Entry {
  const jobId = jobIdOf(args);
  const events = listOf(args.events);
  if (events.length === 0) fail('events is empty: give a JSON list of incidents or of objects with a raw_body.');
  if (events.length > MOST) fail(`events has ${events.length} of them: send ${MOST} at once at most.`);
  const mapping = closeReasons();
  const items = events.map((event, i) => itemText(event, `events ${i + 1}`, jobId, mapping));
  const body = `{"count":${items.length},"events":[${items.join(',')}]}`;
  const answer = merged(callForObject('POST', `/api/v1/bulk/${jobId}`, body), { job_id: jobId }) as Fields;
  const results = Array.isArray(answer.results) ? answer.results.filter(isObject) : [];
  const human = table('Arcanna Bulk', results, ['event_id', 'status', 'error_message']);
  return resultEntry(answer, human, { 'Arcanna.Bulk(val.job_id && val.job_id === obj.job_id)': answer });
}

function itemText(event: unknown, name: string, jobId: number, mapping: readonly MappedReason[]): string {
  const fields = typeof event === 'string' ? parseJson(event) : event;
  if (!isObject(fields)) return fail(`${name} is not an object: give incidents, or objects with a raw_body.`);
  const isIncident = fields.raw_body === undefined;
  const severity = numberOf(fields.severity, `severity of ${name}`);
  const id = textOf(isIncident ? fields.id : fields.event_id, `id of ${name}`);
  return objectText({
    job_id: String(jobId),
    title: JSON.stringify(textOf(isIncident ? fields.name : fields.title, `title of ${name}`) || name),
    severity: severity === undefined ? undefined : String(severity),
    event_id: id === '' ? undefined : JSON.stringify(id),
    label: isIncident ? labelOfIncident(fields, mapping) : givenLabel(fields),
    raw_body: alertText(isIncident ? fields.rawJSON || withoutClose(fields) : fields.raw_body, `raw_body of ${name}`),
  });
}

/** How an incident ended is no part of the alert: the machine would learn to read the answer there. */
function withoutClose(incident: Fields): Fields {
  const own = fieldsWhere(incident, tellsNothing);
  return isObject(own.CustomFields) ? merged(own, { CustomFields: fieldsWhere(own.CustomFields, tellsNothing) }) : own;
}

const CLOSE = ['closeReason', 'closeNotes', 'closingUserId', 'ClosingUserId'];

/** Whether a field says nothing of how the incident ended, or of what Verdict said of it before. */
function tellsNothing(name: string): boolean {
  return CLOSE.indexOf(name) < 0 && name !== closingReasonField() && !/^verdict/.test(name);
}

/** What a person closed an incident with is their word on it, if it is mapped to a label; nothing else is. */
function labelOfIncident(incident: Fields, mapping: readonly MappedReason[]): string | undefined {
  const user = closerOf(incident);
  const label = labelOfReason(reasonIn(incident, closingReasonField()), mapping);
  if (user === '' || label === '') return undefined;
  return JSON.stringify({
    feedback: label,
    cortex_user: user,
    closing_notes: textOf(incident.closeNotes, 'closeNotes') || undefined,
  });
}

function givenLabel({ label, username }: Fields): string | undefined {
  if (label === undefined || label === null || label === '') return undefined;
  if (isObject(label)) return JSON.stringify(label);
  return JSON.stringify({ feedback: label, cortex_user: textOf(username, 'username') || undefined });
}
