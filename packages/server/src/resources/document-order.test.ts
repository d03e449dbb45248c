import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDocument } from './document.ts';
import { inOrder } from './document-order.ts';

const read = (document: object) => {
  const result = readDocument(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};
const refs = (document: object) => inOrder(read(document)).map(({ ref }) => ref);
const key = (name: string, ...depends_on: string[]) => ({ type: 'api_key', depends_on, properties: { name } });
const integration = (title: string, api_key: string | null = null, ...depends_on: string[]) => ({
  type: 'integration',
  depends_on,
  properties: { title, integration_type: 'Cortex XSOAR', parameters: { api_key } },
});
const job = (title: string, resources: readonly string[], ...depends_on: string[]) => ({
  type: 'job',
  depends_on,
  properties: {
    title,
    category: 'Decision intelligence',
    pipeline_integrations: resources.map((resource) => ({ resource, integration_type: 'input' })),
  },
});

describe('the order of a document', () => {
  it('is keys, integrations, jobs, each as they came', () => {
    expect(refs({ j: job('J', []), b: integration('B'), a: integration('A'), k: key('K') })).toEqual(['k', 'b', 'a', 'j']);
  });

  it('follows what is named: by name in the document, title or reference', () => {
    for (const soar of ['i', 'I title', "{{integrations(title='I title')}}"]) {
      for (const secret of ['k', 'K name', "{{api_keys(name='K name')}}"]) {
        const document = {
          j: job('J', [soar]),
          i: integration('I title', secret, 'late'),
          k: key('K name', 'late'),
          late: key('Late'),
        };
        expect(refs(document)).toEqual(['late', 'k', 'i', 'j']);
      }
    }
  });

  it('lets depends_on turn the kinds around', () => {
    expect(refs({ k: key('K', 'j'), j: job('J', []), i: integration('I', null, 'k') })).toEqual(['j', 'k', 'i']);
  });

  it('does not exist where resources wait for each other; the circle is shown', () => {
    const circle = { a: key('A', 'b'), b: key('B', 'c'), c: key('C', 'a'), d: key('D', 'a') };
    expect(() => inOrder(read(circle))).toThrow(/depends_on makes resources wait for each other: "a" → "b" → "c" → "a"/);
    expect(() => inOrder(read({ k: key('K', 'i'), i: integration('I', 'k') }))).toThrow(/"k" → "i" → "k"/);
    expect(() => inOrder(read({ j: job('J', [], 'j') }))).toThrow(/"j" → "j"/);
  });

  it('always has each resource once, after all that it depends on', () => {
    const edges = fc.array(fc.tuple(fc.nat(29), fc.nat(29)), { maxLength: 60 });
    fc.assert(
      fc.property(edges, fc.shuffledSubarray([...Array(30).keys()], { minLength: 30 }), (pairs, places) => {
        // Only from later to earlier numbers, so that there is no circle; the document has them in any order.
        const needs = new Map<number, Set<number>>();
        for (const [a, b] of pairs)
          if (a !== b) needs.set(Math.max(a, b), (needs.get(Math.max(a, b)) ?? new Set()).add(Math.min(a, b)));
        const document = Object.fromEntries(
          places.map((n) => [`r${n}`, key(`name ${n}`, ...[...(needs.get(n) ?? [])].map((needed) => `r${needed}`))]),
        );
        const order = refs(document);
        expect(order.toSorted()).toEqual(Object.keys(document).toSorted());
        for (const [n, needed] of needs)
          for (const m of needed) expect(order.indexOf(`r${m}`)).toBeLessThan(order.indexOf(`r${n}`));
      }),
    );
  });
});

describe('a document that is read', () => {
  it('never throws and never changes what it was given', () => {
    const anything = fc.jsonValue();
    const resource = fc.record(
      { type: fc.constantFrom('job', 'api_key', 'integration', 'x', 1), properties: anything, depends_on: anything },
      { requiredKeys: [] },
    );
    const properties = fc.dictionary(
      fc.constantFrom('title', 'name', 'category', 'parameters', 'advanced_settings', 'pipeline_integrations', 'decision_points'),
      anything,
    );
    const full = fc.record({ type: fc.constantFrom('job', 'api_key', 'integration'), properties });
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(fc.string(), fc.oneof(resource, full, anything))), (body) => {
        const copy = structuredClone(body);
        for (const form of [body, { resources: body }]) {
          const result = readDocument(form);
          if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
        }
        expect(body).toEqual(copy);
      }),
      { numRuns: 300 },
    );
  });
});
