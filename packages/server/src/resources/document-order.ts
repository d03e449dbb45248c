import { parseReference, RESOURCE_TYPES } from '@verdict/contract';
import { invalidAt } from '../http/read.ts';
import { KEY_PARAMETER } from '../integrations/integration.ts';
import type { Resource } from './document.ts';

/**
 * Puts resources in an order in which each comes after those that it names: by `depends_on`, by an integration's key, by a job's pipeline.
 * Where nothing decides, keys come first, then integrations, then jobs, each in the order of the document. O(n²) in the number of resources.
 * @throws Refusal `invalid` naming resources that wait for each other.
 */
export function inOrder(resources: readonly Resource[]): Resource[] {
  const byRef = new Map(resources.map((resource) => [resource.ref, resource]));
  const byTitle = new Map(resources.map((resource) => [`${resource.kind} ${resource.title}`, resource]));
  const waitsFor = new Map(resources.map((resource) => [resource, neededBy(resource, byRef, byTitle)]));
  const waiting = resources.toSorted((a, b) => RESOURCE_TYPES.indexOf(a.kind) - RESOURCE_TYPES.indexOf(b.kind));
  const ordered: Resource[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((resource) => waitsFor.get(resource)!.size === 0);
    if (next === -1) throw circle(waiting[0]!, waitsFor);
    const [resource] = waiting.splice(next, 1) as [Resource];
    ordered.push(resource);
    for (const needs of waitsFor.values()) needs.delete(resource);
  }
  return ordered;
}

type ByName = ReadonlyMap<string, Resource>;

/** The resources of the document that one names. What it names beyond the document is there already, or an error later. */
function neededBy(resource: Resource, byRef: ByName, byTitle: ByName): Set<Resource> {
  const needs = new Set<Resource>();
  const add = (needed: Resource | undefined) => {
    if (needed && needed !== resource) needs.add(needed);
  };
  for (const ref of resource.dependsOn) {
    // To wait for oneself is a circle of one; kept, so that it is told.
    const needed = byRef.get(ref);
    if (needed) needs.add(needed);
  }
  if (resource.kind === 'integration') {
    const key = resource.parameters[KEY_PARAMETER];
    if (typeof key === 'string') add(named(key, 'api_key', byRef, byTitle));
  }
  if (resource.kind === 'job')
    for (const entry of resource.pipeline ?? []) add(named(entry.resource, 'integration', byRef, byTitle));
  return needs;
}

/** The resource of that kind in the document that a text names: by its name in the document, its title, or a reference. */
export function named(text: string, kind: 'api_key' | 'integration', byRef: ByName, byTitle: ByName): Resource | undefined {
  const reference = parseReference(text);
  switch (reference.kind) {
    case 'name': {
      const resource = byRef.get(reference.name);
      return resource?.kind === kind ? resource : byTitle.get(`${kind} ${reference.name}`);
    }
    case 'integration':
      return byTitle.get(`integration ${reference.title}`);
    case 'api_key':
      return byTitle.get(`api_key ${reference.name}`);
    default:
      return undefined;
  }
}

function circle(start: Resource, waitsFor: ReadonlyMap<Resource, ReadonlySet<Resource>>) {
  // Everything that is left waits for something that is left, so following that comes back somewhere.
  const way = [start];
  for (;;) {
    const [next] = waitsFor.get(way.at(-1)!)! as ReadonlySet<Resource> & Iterable<Resource>;
    const seen = way.indexOf(next!);
    way.push(next!);
    if (seen === -1) continue;
    const names = way.slice(seen).map(({ ref }) => JSON.stringify(ref.slice(0, 100)));
    const shown = names.length > 8 ? [...names.slice(0, 7), '…', names.at(-1)] : names;
    const msg = `makes resources wait for each other: ${shown.join(' → ')}`;
    return invalidAt([{ loc: [...next!.loc, 'depends_on'], msg, type: 'conflict' }]);
  }
}
