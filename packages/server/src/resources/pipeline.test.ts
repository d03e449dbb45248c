import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPipeline, type WantedEntry } from './pipeline.ts';

const want = (integrationId: number, role = 'input', more: Partial<WantedEntry> = {}): WantedEntry => ({
  integrationId,
  role,
  enabled: true,
  autoId: undefined,
  settings: {},
  ...more,
});

describe('the pipeline after a document', () => {
  const current = planPipeline([], [want(1), want(2, 'output', { settings: { parameters: { a: 1 } } })], false);

  it('numbers its entries', () => {
    expect(current).toEqual([
      { integrationId: 1, role: 'input', enabled: true, settings: { auto_id: '1' } },
      { integrationId: 2, role: 'output', enabled: true, settings: { auto_id: '2', parameters: { a: 1 } } },
    ]);
  });

  it('is as it was where the document names nothing', () => {
    expect(planPipeline(current, undefined, true)).toBe(current);
    expect(planPipeline(current, [], false)).toBe(current);
    expect(planPipeline(current, [], true)).toEqual([]);
  });

  it('keeps the place, the number and the unsaid settings of an entry that is named again', () => {
    const changed = planPipeline(current, [want(3), want(2, 'output', { enabled: false })], false);
    expect(changed).toEqual([
      current[0],
      { integrationId: 2, role: 'output', enabled: false, settings: { auto_id: '2', parameters: { a: 1 } } },
      { integrationId: 3, role: 'input', enabled: true, settings: { auto_id: '3' } },
    ]);
  });

  it('lets auto_id say which entry gets another integration or role', () => {
    const [first] = planPipeline(current, [want(9, 'processor', { autoId: '1' })], false);
    expect(first).toEqual({ integrationId: 9, role: 'processor', enabled: true, settings: { auto_id: '1' } });
  });

  it('does not change when it is sent back, in whatever order, and numbers stay unique', () => {
    const entry = fc
      .tuple(fc.nat(3), fc.constantFrom('input', 'output'), fc.option(fc.nat(5).map(String), { nil: undefined }))
      .map(([id, role, autoId]) => want(id, role, { autoId }));
    const document = fc.uniqueArray(entry, { maxLength: 6, selector: ({ autoId }) => autoId ?? Symbol('none') });
    fc.assert(
      fc.property(document, document, fc.boolean(), (first, second, removeMissing) => {
        const planned = planPipeline(planPipeline([], first, false), second, removeMissing);
        const numbers = planned.map(({ settings }) => settings.auto_id);
        expect(new Set(numbers).size).toBe(planned.length);
        const back = planned.map(({ integrationId, role, enabled, settings: { auto_id, ...settings } }) => ({
          integrationId,
          role,
          enabled,
          autoId: String(auto_id),
          settings,
        }));
        expect(planPipeline(planned, back, removeMissing)).toEqual(planned);
        expect(planPipeline(planned, back.toReversed(), false)).toEqual(planned);
      }),
    );
  });
});
