import { isList, isObject, type Json, type JsonObject, textOf } from '../context/index.ts';
import { listOf, tryJson, ValueError } from './values.ts';

/** An incident as XSOAR's API has it: its own fields, and those of content packs under `CustomFields`. */
export interface Incident {
  readonly fields: JsonObject;
  readonly custom: JsonObject;
}

/** Fields that every incident has; all others are custom ones. In small letters, as arguments of `setIncident` may be written either way. */
const OWN: ReadonlyMap<string, string> = new Map(
  (
    'id name type severity owner details occurred created modified closed status labels roles phase sla account attachment category ' +
    'closeReason closeNotes closingUserId dueDate reason runStatus sourceBrand sourceInstance rawType rawName rawJSON playbookId investigationId ' +
    'linkedIncidents dbotMirrorId parent notifyTime reminder'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

const SEVERITIES: Readonly<Record<string, number>> = {
  unknown: 0,
  informational: 0.5,
  info: 0.5,
  low: 1,
  medium: 2,
  high: 3,
  critical: 4,
};

/** Arguments of `setIncident` that are not fields. */
const NOT_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'customFields',
  'addLabels',
  'deleteEmptyField',
  'replacePlaybook',
  'version',
]);

/** The status of a closed incident. */
const CLOSED = 2;

/**
 * An incident out of what a file holds: the JSON of XSOAR's API (custom fields under `CustomFields`), or a flat object, whose unknown names
 * are custom fields. One without an id gets the first number that none of `others` has.
 * @throws ValueError where it is no object.
 */
export function incidentOf(data: Json, others: ReadonlyMap<string, Incident> = new Map()): Incident {
  if (!isObject(data)) throw new ValueError('an incident is a JSON object');
  const { CustomFields: custom, ...rest } = data;
  let id = 1;
  while (others.has(String(id))) id += 1;
  const start: Incident = { fields: { id: String(id), status: 1 }, custom: isObject(custom) ? custom : {} };
  return Object.entries(rest).reduce((incident, [key, value]) => withField(incident, key, value), start);
}

/** The incident at hand, and the others that there are, by id. */
export interface Incidents {
  readonly incident: Incident;
  readonly others: ReadonlyMap<string, Incident>;
}

/**
 * Changes the incident at hand, or another one.
 * @param id of the incident; '' for the one at hand.
 * @throws ValueError where there is none with this id; what `change` throws.
 */
export function changeIncident({ incident, others }: Incidents, id: string, change: (incident: Incident) => Incident): Incidents {
  if (id === '' || id === incidentId(incident)) return { incident: change(incident), others };
  const other = others.get(id);
  if (other === undefined) throw new ValueError(`there is no incident ${id}`);
  return { incident, others: new Map(others).set(id, change(other)) };
}

/** What `${incident.…}` sees: all fields side by side, and labels by their type, such as `incident.labels.Email/from`; several of a type are a list. */
export function incidentScope(incident: Incident): JsonObject {
  const view = incidentView(incident);
  const labels = listOf(view.labels).flatMap((one) =>
    isObject(one) && typeof one.type === 'string' ? [[one.type, one.value ?? ''] as const] : [],
  );
  // Labels in another form, such as plain texts, stay as they are.
  if (labels.length === 0 || labels.length < listOf(view.labels).length) return view;
  const byType = Map.groupBy(labels, ([type]) => type);
  const valuesOf = (same: typeof labels) => (same.length === 1 ? same[0]![1] : same.map(([, value]) => value));
  return { ...view, labels: Object.fromEntries([...byType].map(([type, same]) => [type, valuesOf(same)])) };
}

/** What scripts see of the incident: all fields side by side. */
export function incidentView(incident: Incident): JsonObject {
  return { ...incident.custom, ...incident.fields };
}

/** The id of an incident, as text. */
export function incidentId(incident: Incident): string {
  return textOf(incident.fields.id);
}

/**
 * Incidents out of a list, by id, such as `getIncidents` searches.
 * @throws ValueError where it is no list of objects that each have an id of their own.
 */
export function incidentsOf(data: Json): Map<string, Incident> {
  if (!isList(data)) throw new ValueError('incidents are a JSON list of objects');
  const incidents = new Map<string, Incident>();
  for (const [index, one] of data.entries()) {
    const id = isObject(one) ? textOf(one.id) : '';
    if (id === '') throw new ValueError(`incident ${index + 1} of the list has no id`);
    if (incidents.has(id)) throw new ValueError(`two incidents of the list have the id ${id}`);
    incidents.set(id, incidentOf(one));
  }
  return incidents;
}

/** The incident as XSOAR's API would give it. */
export function incidentJson(incident: Incident): JsonObject {
  return { ...incident.fields, CustomFields: incident.custom };
}

export function isClosed(incident: Incident): boolean {
  return incident.fields.status === CLOSED;
}

/** The incident with one field changed; words for the severity become its number. */
export function withField(incident: Incident, name: string, value: Json): Incident {
  const own = OWN.get(name.toLowerCase());
  if (own === undefined) return { ...incident, custom: { ...incident.custom, [customName(name)]: value } };
  return { ...incident, fields: { ...incident.fields, [own]: own === 'severity' ? severityOf(value) : value } };
}

/**
 * What the command `setIncident` does: each argument that is not empty sets the field of its name.
 * @throws ValueError where `customFields` is no JSON object.
 */
export function setIncident(incident: Incident, args: JsonObject): Incident {
  let changed = incident;
  for (const [name, value] of Object.entries(args)) {
    if (!NOT_FIELDS.has(name) && value !== null && value !== '') changed = withField(changed, name, value);
  }
  if (args.customFields !== undefined && args.customFields !== null && args.customFields !== '') {
    const fields = typeof args.customFields === 'string' ? tryJson(args.customFields) : args.customFields;
    if (!isObject(fields)) throw new ValueError('customFields of setIncident is not a JSON object');
    for (const [name, value] of Object.entries(fields)) changed = withField(changed, name, value);
  }
  if (args.addLabels !== undefined && args.addLabels !== '' && args.addLabels !== null) {
    changed = withField(changed, 'labels', [...listOf(changed.fields.labels), ...labelsOf(args.addLabels)]);
  }
  return changed;
}

/** What the command `closeInvestigation` does when a playbook runs it. `moment` is in milliseconds. */
export function closeIncident(incident: Incident, args: JsonObject, moment: number): Incident {
  const notes = args.closeNotes ?? args.notes ?? '';
  return {
    custom: incident.custom,
    fields: {
      ...incident.fields,
      status: CLOSED,
      closed: new Date(moment).toISOString(),
      closeReason: args.closeReason ?? '',
      closeNotes: notes,
      // An analyst would stand here under a name.
      closingUserId: 'DBot',
    },
  };
}

function labelsOf(value: Json): Json[] {
  const labels = typeof value === 'string' ? (tryJson(value) ?? value) : value;
  return listOf(labels).map((one) => (isObject(one) ? one : { type: textOf(one).split(':', 1)[0]!, value: textOf(one) }));
}

function severityOf(value: Json): Json {
  if (typeof value !== 'string') return value;
  const word = SEVERITIES[value.trim().toLowerCase()];
  const number = Number(value);
  return word ?? (value.trim() !== '' && Number.isFinite(number) ? number : value);
}

function customName(name: string): string {
  if (name === '__proto__') throw new ValueError('a field cannot be called __proto__');
  return name;
}
