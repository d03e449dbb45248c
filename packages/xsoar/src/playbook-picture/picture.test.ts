import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawPlaybook, wayKey } from './draw.ts';
import { graphOf, type PlaybookGraph } from './graph.ts';
import { layOut } from './layout.ts';

const graphs = fc
  .record({
    size: fc.integer({ min: 1, max: 12 }),
    edges: fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.constantFrom('', 'error', 'yes')), { maxLength: 30 }),
  })
  .map(
    ({ size, edges }): PlaybookGraph => ({
      name: 'x',
      nodes: Array.from({ length: size }, (_, i) => ({ id: String(i), name: `Task ${i}`, kind: 'regular' })),
      edges: edges.map(([from, to, label]) => ({ from: String(from % size), to: String(to % size), label })),
    }),
  );

describe('the layout', () => {
  it('never puts two tasks in one place, and gives the same places again', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { tasks, ways } = layOut(graph);
        const places = [...tasks.values()];
        expect(places).toHaveLength(graph.nodes.length);
        expect(ways).toHaveLength(graph.edges.length);
        for (const [i, a] of places.entries()) {
          expect(a.column).toBeGreaterThanOrEqual(0);
          for (const b of places.slice(i + 1)) expect(a.row !== b.row || Math.abs(a.column - b.column) > 0.9).toBe(true);
        }
        expect(layOut(graph)).toEqual({ tasks, ways });
      }),
      { numRuns: 300 },
    );
  });

  it('stands a task below all that lead to it, and takes long ways beside the tasks between', () => {
    const names = ['a', 'b', 'c', 'd'];
    const edges = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['a', 'd'],
    ].map(([from, to]) => ({ from: from!, to: to!, label: '' }));
    const { tasks, ways } = layOut({ name: 'x', nodes: names.map((id) => ({ id, name: id, kind: 'regular' })), edges });
    expect(names.map((id) => tasks.get(id)!.row)).toEqual([0, 1, 2, 3]);
    expect(ways[3]).toHaveLength(2);
    for (const stop of ways[3]!) {
      const beside = tasks.get(names[stop.row]!)!;
      expect(Math.abs(stop.column - beside.column)).toBeGreaterThan(0.6);
    }
  });
});

describe('the picture', () => {
  const graph = graphOf({
    name: 'Tom & <b>Jerry</b>',
    tasks: {
      '0': { type: 'start', task: { name: '' }, nexttasks: { '#none#': ['1'] } },
      '1': {
        type: 'condition',
        task: { name: '"Is" it\u0001?' },
        nexttasks: { '#default#': ['2'], yes: ['9'], '#error#': ['2'] },
      },
      '2': { type: 'nonsense', task: { name: 'A name that is much longer than what fits into the two rows of a task' } },
      __proto__: 'x',
    },
  });

  it('is read out of whatever is of the form of a playbook', () => {
    expect(graph.nodes.map(({ id, kind }) => [id, kind])).toEqual([
      ['0', 'start'],
      ['1', 'condition'],
      ['2', 'regular'],
    ]);
    expect(graph.edges).toEqual([
      { from: '0', to: '1', label: '' },
      { from: '1', to: '2', label: 'else' },
      { from: '1', to: '2', label: 'error' },
    ]);
    for (const nothing of [undefined, null, 'x', [], { tasks: [] }, { tasks: { a: 1 } }])
      expect(() => graphOf(nothing)).not.toThrow();
  });

  it('escapes names, shortens them, and brings out what ran', () => {
    const svg = drawPlaybook(graph, {
      ran: new Set(['0', '1']),
      failed: new Set(['1']),
      ways: new Set([wayKey(graph.edges[0]!)]),
    });
    expect(svg).toContain('<title>Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;</title>');
    expect(svg).toContain('&quot;Is&quot; it ?');
    expect(svg).toContain('…</text>');
    expect(svg.match(/stroke="#c62828" stroke-width="2.5"/g)).toHaveLength(1);
    expect(svg.match(/stroke="#2e7d32" stroke-width="2.5"/g)).toHaveLength(2);
  });
});
