import type { Json, JsonObject } from '../context/index.ts';
import { textOf } from '../context/index.ts';
import { type Incidents, incidentId, incidentJson, incidentView } from './incident.ts';
import { type IncidentTest, readIncidentQuery, statusOf } from './incident-query.ts';
import { isEmpty, listOfArgument, momentFrom, NotKnown, wholeFrom } from './values.ts';

const MOST_FOUND = 1_000;
const USUAL_SIZE = 100;

/** What each argument asks of an incident; `now` in milliseconds. */
const ARGUMENTS: Readonly<Record<string, (value: Json, now: number) => IncidentTest>> = {
  id: (value) => among('id', value),
  name: (value) => among('name', value),
  type: (value) => among('type', value),
  owner: (value) => among('owner', value),
  status: (value) => statusAmong(value),
  notstatus: (value) => {
    const test = statusAmong(value);
    return (fields) => !test(fields);
  },
  query: (value) => readIncidentQuery(textOf(value)),
  fromdate: (value, now) => {
    const limit = momentFrom(value);
    return (fields) => createdOf(fields, now) >= limit;
  },
  todate: (value, now) => {
    const limit = momentFrom(value);
    return (fields) => createdOf(fields, now) <= limit;
  },
  fromclosedate: (value) => {
    const limit = momentFrom(value);
    return (fields) => closedOf(fields) >= limit;
  },
  toclosedate: (value) => {
    const limit = momentFrom(value);
    return (fields) => closedOf(fields) <= limit;
  },
};

/** What people read about each argument, and about those that say which part of what was found is given. */
export const SEARCH_ARGUMENTS: Readonly<Record<string, string>> = {
  id: 'Ids, with commas between.',
  name: 'Names, with commas between.',
  type: 'Types, with commas between.',
  owner: 'Owners, with commas between.',
  status: 'pending, active, closed or archived; several with commas between.',
  notstatus: 'A status that it has not.',
  query: 'A search such as status:closed and name:"Port*scan".',
  fromdate: 'Created then or later.',
  todate: 'Created then or before.',
  fromclosedate: 'Closed then or later.',
  toclosedate: 'Closed then or before.',
  page: 'Which page, from 0.',
  size: 'How many a page has, 1,000 at most; 100 where it is left out.',
};

/** These say which part of what was found is given. */
const PAGING: ReadonlySet<string> = new Set(['page', 'size']);

/** What `getIncidents` gives: a page of the incidents, and how many there are in all; no list where there are none, as in XSOAR. */
export interface FoundIncidents {
  readonly data: Json[] | null;
  readonly total: number;
}

/**
 * What XSOAR's command `getIncidents` does: the incidents that all arguments fit, the one at hand first, a page of them.
 * @param args `id`, `name`, `type`, `owner`, `status` and `notstatus` (lists, with commas), `query`, `fromdate`, `todate` (created), `fromclosedate`,
 * `toclosedate`, `page` (from 0) and `size` (0 to 1,000; 100 where it is left out).
 * @param now what an incident without `created` was created at, in milliseconds.
 * @throws NotKnown where an argument, or something in the query, is not known here; ValueError where a date or a number is none.
 */
export function searchIncidents({ incident, others }: Incidents, args: JsonObject, now: number): FoundIncidents {
  const given = Object.entries(args).filter(([, value]) => !isEmpty(value));
  const unknown = given.find(([name]) => !Object.hasOwn(ARGUMENTS, name) && !PAGING.has(name));
  if (unknown !== undefined) {
    const known = [...Object.keys(ARGUMENTS), ...PAGING].join(', ');
    throw new NotKnown(`the argument ${unknown[0]} of getIncidents is not known here; there are ${known}`);
  }
  const tests = given.flatMap(([name, value]) => ARGUMENTS[name]?.(value, now) ?? []);
  // One without an id was never loaded.
  const all = [incident, ...others.values()].filter((one) => incidentId(one) !== '');
  const found = all.filter((one) => {
    const fields = incidentView(one);
    return tests.every((test) => test(fields));
  });
  const size = Math.min(isEmpty(args.size) ? USUAL_SIZE : wholeFrom(args.size), MOST_FOUND);
  const page = isEmpty(args.page) ? 0 : wholeFrom(args.page);
  if (size < 0 || page < 0) throw new NotKnown('size and page of getIncidents cannot be less than 0');
  const data = found.slice(page * size, (page + 1) * size).map(incidentJson);
  return { data: data.length === 0 ? null : data, total: found.length };
}

/** What XSOAR's script `SearchIncidentsV2` makes of what `getIncidents` found. */
export interface SearchOutputs {
  /** The entries of `getIncidents`, such as `extend-context=Found=Contents.data` reads. */
  readonly contents: Json;
  readonly context: JsonObject;
}

/** The incidents go to `foundIncidents`, one for each id; nothing goes there where there are none. */
export function searchOutputs({ data, total }: FoundIncidents): SearchOutputs {
  if (data === null) return { contents: {}, context: {} };
  return {
    contents: [{ Type: 1, ContentsFormat: 'json', Contents: { data, total } }],
    context: { 'foundIncidents(val.id && val.id == obj.id)': data },
  };
}

/** How many were found, for people. */
export function foundSentence({ total }: FoundIncidents): string {
  return total === 0 ? 'Incidents not found.' : `Found ${total} ${total === 1 ? 'incident' : 'incidents'}.`;
}

function among(field: string, value: Json): IncidentTest {
  const wanted = new Set(listOfArgument(value).map(textOf));
  return (fields) => wanted.has(textOf(fields[field]));
}

function statusAmong(value: Json): IncidentTest {
  const wanted = new Set<Json>(listOfArgument(value).map((one) => statusOf(textOf(one))));
  return ({ status = null }) => wanted.has(status);
}

function createdOf({ created }: JsonObject, now: number): number {
  return isEmpty(created) ? now : momentFrom(created);
}

/** An incident that is open was closed at no time: it is in no span. */
function closedOf({ closed }: JsonObject): number {
  return isEmpty(closed) ? Number.NaN : momentFrom(closed);
}
