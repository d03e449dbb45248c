import { copyJson, type Incident, incidentsOf, isObject, type JsonObject, ValueError } from '@verdict/xsoar';
import { CliError } from '../io.ts';
import { readJsonFile } from '../text-file.ts';

/**
 * The other incidents that there are, by id, out of a file that a person named: a JSON list.
 * @throws CliError where it cannot be read, or is no list of objects that each have an id of their own.
 */
export function otherIncidents(file: string): ReadonlyMap<string, Incident> {
  try {
    return incidentsOf(copyJson(readJsonFile(file)));
  } catch (error) {
    if (error instanceof ValueError) throw new CliError(`${file}: ${error.message}.`);
    throw error;
  }
}

/**
 * The incident out of a file that a person named, as JSON.
 * @throws CliError where it cannot be read, or is no object.
 */
export function incidentIn(file: string): JsonObject {
  const json = copyJson(readJsonFile(file));
  if (isObject(json)) return json;
  throw new CliError(
    Array.isArray(json)
      ? `${file} is a list; an incident is one JSON object. Others than the one at hand go to --incidents.`
      : `${file} is no incident: write a JSON object such as {"id": "1", "name": "An alert"}.`,
  );
}
