/** What is in an alert: the paths that could be decision points, with what they hold. */
import { AlertReader, isObject, nameAndValue } from './alert.ts';
import { appendKey, appendName, type CompiledPath, compilePath, foldName, MAX_PATH_LENGTH, toNfc } from './point-path.ts';
import type { PointValue } from './types.ts';

export interface Field {
  /** Spelled so that a decision point of that name reads the value. */
  readonly path: string;
  readonly value: PointValue;
}

export interface FieldOptions {
  /** Most fields listed; 2,000 by default. */
  readonly maxFields?: number;
  /** Deepest nesting looked into, strings that hold JSON included; 12 by default. */
  readonly maxDepth?: number;
  /** Compiles a path; give a caching one where many alerts of one kind are listed. */
  readonly compile?: (path: string) => CompiledPath;
}

/** Elements and members looked at before the listing stops: bounds the time that one hostile alert can take. */
const MAX_VISITS = 100_000;
/** Elements of arrays walked to read the values; a list of 30,000 names would otherwise be walked for each name. */
const MAX_STEPS = 200_000;

/**
 * Lists every field of an alert that could be a decision point: scalars and arrays of scalars, keys of the objects in an array
 * (`labels.value`), names in a list of names and values (`labels[Email/from]`), and fields of JSON inside a string. Fields that hold
 * nothing are not listed, nor what comes last in an alert of huge arrays. Sorted by path; which ones are kept beyond the limit depends on the alert alone, not on its key order.
 *
 * @param alert parsed JSON, best by `parseAlert`.
 */
export function listFields(alert: unknown, options: FieldOptions = {}): Field[] {
  const { maxFields = 2_000, maxDepth = 12, compile = compilePath } = options;
  const reader = new AlertReader(alert);
  const lister = new Lister(reader, maxFields, maxDepth);
  lister.visit(alert, '', 0, 0);
  const fields: Field[] = [];
  for (const path of [...lister.paths].sort()) {
    if (reader.steps > MAX_STEPS) break;
    const value = reader.read(compile(path));
    if (value !== null) fields.push({ path, value });
  }
  return fields;
}

class Lister {
  readonly paths = new Set<string>();
  /** The first spelling of each name in a list: names that differ in case only are one. */
  readonly #names = new Map<string, string>();
  readonly #reader: AlertReader;
  readonly #maxFields: number;
  readonly #maxDepth: number;
  #visits = 0;

  constructor(reader: AlertReader, maxFields: number, maxDepth: number) {
    this.#reader = reader;
    this.#maxFields = maxFields;
    this.#maxDepth = maxDepth;
  }

  visit(value: unknown, path: string, depth: number, level: number): void {
    if (value === null || value === undefined || path.length > MAX_PATH_LENGTH || this.#full()) return;
    if (typeof value === 'string') {
      const inside = this.#reader.embedded(value, level);
      if (inside !== undefined && !isEmpty(inside) && depth < this.#maxDepth) this.visit(inside, path, depth, level + 1);
      else this.#add(path);
    } else if (typeof value !== 'object' || depth >= this.#maxDepth) {
      this.#add(path);
    } else if (Array.isArray(value)) {
      for (const element of value) this.#visitElement(element, path, depth, level);
    } else {
      this.#visitObject(value, path, depth, level);
    }
  }

  #visitObject(value: object, path: string, depth: number, level: number): void {
    if (!isObject(value)) return;
    for (const key of Object.keys(value).sort()) {
      if (this.#full()) return;
      this.visit(value[key], appendKey(path, toNfc(key)), depth + 1, level);
    }
  }

  #visitElement(element: unknown, path: string, depth: number, level: number): void {
    if (this.#full()) return;
    const pair = nameAndValue(element);
    if (pair !== undefined) this.visit(pair.value, this.#namePath(path, toNfc(pair.name)), depth + 1, level);
    if (typeof element === 'object' && !Array.isArray(element)) this.visit(element, path, depth, level);
    else this.visit(element, path, depth + 1, level);
  }

  #namePath(path: string, name: string): string {
    const own = appendName(path, name);
    const folded = foldName(own);
    const known = this.#names.get(folded);
    if (known === undefined) this.#names.set(folded, own);
    return known ?? own;
  }

  #add(path: string): void {
    if (path === '' || path.length > MAX_PATH_LENGTH || this.paths.size >= this.#maxFields) return;
    this.paths.add(path);
  }

  #full(): boolean {
    return ++this.#visits > MAX_VISITS || this.paths.size >= this.#maxFields;
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
