import { copyJson, type Incident, incidentsOf, ValueError } from '@verdict/xsoar';
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
