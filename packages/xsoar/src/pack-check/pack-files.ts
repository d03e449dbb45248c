import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { BadYaml, type Data, readSafeYaml, type SafeYaml } from '../safe-yaml.ts';
import type { Finding } from './finding.ts';

/** A file of a pack that was read as YAML or JSON. */
export interface PackDocument extends SafeYaml {
  readonly path: string;
}

/** The files of one content pack. */
export interface PackFiles {
  /** Paths relative to the folder that was checked, with forward slashes, sorted. */
  readonly paths: readonly string[];
  /** Path of the pack in that folder; empty where it is the folder itself. */
  readonly root: string;
  /** Whether it is the form that XSOAR uploads, as an archive holds it: with a `metadata.json`, and without what repositories have besides. */
  readonly isUpload: boolean;
  read(path: string): string;
}

/** The folder cannot be checked at all; the sentence is meant for people. */
export class NoPack extends Error {
  override readonly name = 'NoPack';
}

const MOST_FILES = 20_000;
const LARGEST = 8_000_000;
const MOST_DEPTH = 12;
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', '__pycache__', 'venv', '.venv']);

/**
 * Finds the packs in a folder: itself where it has a `pack_metadata.json`, else each folder below that has one. Where there is none, folders with
 * a `metadata.json` count, which is how archives for the upload look. Links are not followed.
 * @throws NoPack where there is none, or more than 20,000 files.
 */
export function findPacks(folder: string): PackFiles[] {
  const all = walk(folder);
  const rootsOf = (name: string) => all.filter((path) => basename(path) === name).map((path) => dirname(path));
  const trees = rootsOf('pack_metadata.json');
  const roots = trees.length > 0 ? trees : rootsOf('metadata.json');
  const kept = roots.filter((root) => !roots.some((other) => other !== root && (other === '.' || root.startsWith(`${other}/`))));
  if (kept.length === 0) {
    throw new NoPack(
      `${folder} holds no content pack: there is no pack_metadata.json in it or in a folder below it, and no metadata.json of an unpacked archive.`,
    );
  }
  return kept.map((root) => ({
    root: root === '.' ? '' : root,
    isUpload: trees.length === 0,
    paths: root === '.' ? all : all.filter((path) => path.startsWith(`${root}/`)),
    read: (path) => readFileSync(join(folder, path), 'utf8').replace(/^\uFEFF/, ''),
  }));
}

function walk(folder: string): string[] {
  const found: string[] = [];
  const visit = (at: string, depth: number) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name) && depth < MOST_DEPTH) visit(path, depth + 1);
      else if (entry.isFile()) found.push(relative(folder, path).split(sep).join('/'));
      if (found.length > MOST_FILES) throw new NoPack(`${folder} holds more than ${MOST_FILES.toLocaleString('en')} files.`);
    }
  };
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new NoPack(`${folder} is not a folder.`);
  visit(folder, 0);
  return found.sort();
}

/** Reads a document, or tells why not. */
export function readDocument(files: PackFiles, path: string): PackDocument | Finding {
  const isJson = path.endsWith('.json');
  const unreadable = (message: string, line: number): Finding => ({
    file: path,
    line,
    place: '',
    rule: 'readable',
    severity: 'error',
    message: `The file ${message}.`,
    mend: isJson ? 'Write it as JSON.' : 'Write it as plain YAML.',
  });
  const text = files.read(path);
  if (text.length > LARGEST) return unreadable(`is larger than ${LARGEST.toLocaleString('en')} characters`, 1);
  try {
    const read = readSafeYaml(text);
    // What YAML takes as well, such as names without quotes, XSOAR does not.
    const wrong = isJson ? jsonProblem(text) : undefined;
    if (wrong !== undefined) return unreadable(`is not JSON: ${wrong}`, 1);
    if (typeof read.data === 'object' && read.data !== null && !Array.isArray(read.data)) return { path, ...read };
    return unreadable('is no map of keys and values', 1);
  } catch (error) {
    if (error instanceof BadYaml) {
      return unreadable(isJson ? error.message.replace('plain YAML', 'JSON') : error.message, error.line);
    }
    throw error;
  }
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function isFinding(one: PackDocument | Finding): one is Finding {
  return 'rule' in one;
}

/** What stands at a path of keys; undefined where nothing does. */
export function dataAt(data: Data | undefined, ...keys: readonly (string | number)[]): Data | undefined {
  return keys.reduce<Data | undefined>((at, key) => {
    if (Array.isArray(at)) return typeof key === 'number' ? at[key] : undefined;
    if (typeof at !== 'object' || at === null) return undefined;
    const map = at as { readonly [key: string]: Data };
    return Object.hasOwn(map, String(key)) ? map[key] : undefined;
  }, data);
}

export function textAt(data: Data | undefined, ...keys: readonly (string | number)[]): string {
  const found = dataAt(data, ...keys);
  return typeof found === 'string' ? found : typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}

export function listAt(data: Data | undefined, ...keys: readonly (string | number)[]): readonly Data[] {
  const found = dataAt(data, ...keys);
  return Array.isArray(found) ? found : [];
}

export function isThere(data: Data | undefined, ...keys: readonly (string | number)[]): boolean {
  const found = dataAt(data, ...keys);
  return found !== undefined && found !== null;
}
