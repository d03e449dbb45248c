/**
 * Fails on an import that goes through a door which should not be there, between the packages or between the layers of the
 * server, and on a circle of files that load each other. `import type` counts for doors and not for circles.
 *
 * Tests (`*.test.ts`) and what only they use (`testing.ts`, a folder `testing/`) may wire up what they need inside a package,
 * and in the packages that talk to the service start a real one; nothing else may import them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Import, importsOf } from './imports.ts';

const SCOPE = '@verdict/';
const SERVICE = ['server', 'server/local'];

/** What each package may import of ours, and what its tests may besides. */
const ROOMS: Readonly<Record<string, { readonly may: readonly string[]; readonly tests: readonly string[] }>> = {
  contract: { may: [], tests: [] },
  engine: { may: [], tests: [] },
  server: { may: ['contract', 'engine'], tests: ['client'] },
  client: { may: ['contract'], tests: SERVICE },
  web: { may: ['client', 'client/browser'], tests: [...SERVICE, 'client'] },
  xsoar: { may: ['contract'], tests: SERVICE },
  cli: { may: ['client', 'xsoar', 'server/local'], tests: SERVICE },
};

/** A file with its imports; paths are relative to the root, with forward slashes. */
interface SourceFile {
  readonly path: string;
  readonly imports: readonly ResolvedImport[];
}

interface ResolvedImport extends Import {
  /** The file of ours it leads to, or undefined for a library. */
  readonly target: string | undefined;
}

/**
 * Checks every TypeScript file below `root/packages/<name>/src` and `root/bench`.
 *
 * @returns one sentence for each wrong door and for each circle, sorted; empty when all is well.
 */
export function checkDoors(root: string): string[] {
  const files = sourceFiles(root);
  const dependencies = declaredDependencies(root);
  const problems = files.flatMap((file) =>
    file.imports.flatMap((imported) => {
      const reason =
        roomProblem(file.path, imported, dependencies) ??
        testProblem(file.path, imported) ??
        serverProblem(file.path, imported, files);
      return reason === undefined ? [] : [`${file.path} imports ${imported.specifier}: ${reason}`];
    }),
  );
  return [...new Set(problems), ...circles(files)].sort();
}

/** Doors between packages. */
function roomProblem(
  path: string,
  imported: ResolvedImport,
  dependencies: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const room = roomOf(path);
  if (room === undefined) return undefined; // bench may import all
  const rules = ROOMS[room];
  if (rules === undefined) return `packages/${room} has no row in the table of rooms in scripts/doors.ts`;
  const { specifier, target } = imported;
  if (specifier.startsWith('.')) {
    if (target !== undefined && roomOf(target) !== room) return 'a relative path may not leave its package; use the package name';
    return undefined;
  }
  if (specifier.startsWith('node:')) return undefined;
  if (specifier.startsWith(SCOPE)) {
    const wanted = specifier.slice(SCOPE.length);
    const allowed = isTest(path) ? [...rules.may, ...rules.tests] : rules.may;
    if (!allowed.includes(wanted)) return `${room} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')} of ours`;
  }
  if (!isTest(path) && !dependencies.get(room)?.has(packageName(specifier))) {
    return `packages/${room}/package.json does not name ${packageName(specifier)} among its dependencies`;
  }
  return undefined;
}

function testProblem(path: string, { target }: ResolvedImport): string | undefined {
  if (target === undefined || !isTest(target) || isTest(path) || roomOf(path) === undefined) return undefined;
  return 'only tests may import what is there for tests';
}

/** Doors between the layers of the server: routes → service → store, never back. */
function serverProblem(
  path: string,
  { specifier, target, kind, bringsTypes }: ResolvedImport,
  files: readonly SourceFile[],
): string | undefined {
  const here = placeOf(path, files);
  if (here === undefined || isTest(path)) return undefined;
  if (specifier === `${SCOPE}contract` && bringsTypes && (here.layer === 'domain' || here.layer === 'store')) {
    return `a ${here.layer} file knows no types of the wire; the routes translate`;
  }
  const there = target === undefined ? undefined : placeOf(target, files);
  if (there === undefined) return undefined;
  if (here.folder === 'http' && there.isFeature) return 'http knows no feature';
  if (here.folder === 'storage' && (there.isFeature || there.folder === 'http')) return 'storage knows neither features nor http';
  if (there.layer === 'store' && here.folder !== there.folder && path !== 'packages/server/src/services.ts') {
    return 'a store is imported in its own folder only, and by services.ts, which wires it';
  }
  if (!here.isFeature) return undefined;
  const closed = CLOSED[here.layer];
  if (there.isFeature && closed.includes(there.layer)) return `from a ${here.layer} file no door leads to a ${there.layer} file`;
  if (here.layer === 'domain' && (there.folder === 'http' || (there.folder === 'storage' && kind !== 'type'))) {
    return `a domain file is pure and knows no ${there.folder}`; // but its types may say in which unit of work it runs
  }
  return undefined;
}

/** A `domain` file is the `job.ts` beside a `job-store.ts` or `job-service.ts`; `part` is any other file of a feature. */
type Layer = 'route' | 'service' | 'store' | 'domain' | 'part';

const CLOSED: Readonly<Record<Layer, readonly Layer[]>> = {
  route: ['store'],
  service: ['route'],
  store: ['route', 'service'],
  domain: ['route', 'service', 'store'],
  part: ['route'],
};

interface Place {
  /** The folder below packages/server/src; '' for the files beside main.ts. */
  readonly folder: string;
  readonly isFeature: boolean;
  readonly layer: Layer;
}

function placeOf(path: string, files: readonly SourceFile[]): Place | undefined {
  const base = 'packages/server/src/';
  if (!path.startsWith(base)) return undefined;
  const inside = path.slice(base.length);
  const folder = inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : '';
  return { folder, isFeature: !['', 'http', 'storage', 'testing'].includes(folder), layer: layerOf(path, files) };
}

function layerOf(path: string, files: readonly SourceFile[]): Layer {
  if (/-(v1|v2|app)\.ts$/.test(path)) return 'route';
  if (path.endsWith('-service.ts')) return 'service';
  if (path.endsWith('-store.ts')) return 'store';
  const stem = path.slice(0, -'.ts'.length);
  return files.some((file) => file.path === `${stem}-store.ts` || file.path === `${stem}-service.ts`) ? 'domain' : 'part';
}

/** One sentence for each group of files that reach each other, showing a shortest way around. */
function circles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, targets(file)]));
  const told = new Set<string>();
  const sentences: string[] = [];
  for (const start of [...graph.keys()].sort()) {
    if (told.has(start)) continue;
    const way = wayBack(start, graph);
    if (way === undefined) continue;
    for (const path of way) told.add(path);
    sentences.push(`circle: ${[...way, start].join(' → ')}`);
  }
  return sentences;
}

function targets(file: SourceFile): string[] {
  return file.imports.flatMap(({ kind, target }) => (kind === 'value' && target !== undefined ? [target] : []));
}

/** Breadth first from `start` until something imports it; the files on that way, or undefined where nothing does. */
function wayBack(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) {
        const way = [path];
        while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!);
        return way;
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      queue.push(next);
    }
  }
  return undefined;
}

function sourceFiles(root: string): SourceFile[] {
  const folders = [...packageNames(root).map((name) => `packages/${name}/src`), 'bench'];
  return folders.flatMap((folder) => {
    const base = join(root, folder);
    if (!existsSync(base)) return [];
    return readdirSync(base, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => {
        const path = `${folder}/${name.split(sep).join('/')}`;
        const imports = importsOf(readFileSync(join(root, path), 'utf8'));
        return { path, imports: imports.map((one) => ({ ...one, target: targetOf(path, one.specifier) })) };
      });
  });
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(path), specifier));
  if (!specifier.startsWith(SCOPE)) return undefined;
  const [name, entry = 'index'] = specifier.slice(SCOPE.length).split('/');
  return `packages/${name}/src/${entry}.ts`;
}

function declaredDependencies(root: string): Map<string, Set<string>> {
  return new Map(
    packageNames(root).map((name) => {
      const manifest: { dependencies?: object; peerDependencies?: object; optionalDependencies?: object } = JSON.parse(
        readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
      );
      return [
        name,
        new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies })),
      ];
    }),
  );
}

function packageNames(root: string): string[] {
  return readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'package.json')));
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function roomOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/testing\.ts$|\/testing\//.test(path);
}

if (import.meta.main) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const problems = checkDoors(root);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'No forbidden import and no circle.' : `${problems.length} forbidden imports or circles.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
