import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelledRow, type RowFields, readLabelledRow, secondId } from './labelled-row.ts';

const FIELDS: RowFields = { event: 'event', label: 'label', time: 'time', group: 'group', id: null };
const LIMIT = 1024;

const read = (line: string, fields: Partial<RowFields> = {}, number = 7) =>
  readLabelledRow(Buffer.from(line), number, { ...FIELDS, ...fields }, LIMIT);
const good = (line: string, fields: Partial<RowFields> = {}) => {
  const row = read(line, fields);
  if ('problem' in row) throw new Error(row.problem);
  return row;
};

describe('a line of closed alerts', () => {
  it('is refused with a reason when it is none', () => {
    expect(read('nonsense')).toEqual({ problem: 'The line is not valid JSON.' });
    expect(read('[1]')).toEqual({ problem: 'The line is not a JSON object.' });
    expect(read('{"event":5}')).toEqual({ problem: 'There is no alert (a JSON object) under "event".' });
    expect(read('{"label":"Drop"}')).toEqual({ problem: 'There is no alert (a JSON object) under "event".' });
    expect(readLabelledRow(Buffer.from([0x7b, 0xff, 0x7d]), 1, FIELDS, LIMIT)).toEqual({
      problem: 'The line is not UTF-8 text.',
    });
    expect(read(`{"event":{"a":"${'x'.repeat(LIMIT)}"}}`)).toEqual({ problem: `The alert is larger than ${LIMIT} bytes.` });
    expect(read(`{"event":{"a":${'['.repeat(200)}${']'.repeat(200)}}}`)).toMatchObject({
      problem: expect.stringContaining('levels deep'),
    });
  });

  it('keeps the bytes of the alert and spellings of ids, and reads times in any of their forms', () => {
    const row = good(
      '{"event": {"n": 1.50, "id": 12345678901234567890}, "label": " Drop ", "time": 1642118401.25, "group": 12345678901234567890}',
    );
    expect(row.body.toString()).toBe('{"n": 1.50, "id": 12345678901234567890}');
    expect(row).toMatchObject({ label: 'Drop', group: '12345678901234567890', eventAt: 1_642_118_401_250_000, notes: [] });
    expect(good('{"event":{},"time":"2022-01-14T00:00:01Z"}').eventAt).toBe(1_642_118_401_000_000);
    expect(good('{"event":{},"time":1642118401000}').eventAt).toBe(1_642_118_401_000_000);
    expect(good('{"event":{},"time":"1642118401"}').eventAt).toBe(1_642_118_401_000_000);
    expect(good('{"event":{},"time":"soon"}')).toMatchObject({
      eventAt: null,
      notes: [expect.stringContaining('is not a time')],
    });
    expect(good('{"event":{},"label":null,"group":{}}')).toMatchObject({ label: null, group: null });
  });

  it('finds members of members, names with dots first, and takes a whole line for the alert', () => {
    const line = '{"alert":{"body":{"x":1}},"close.reason":"Drop","close":{"reason":"Escalate"},"meta":{"id":"A-1"}}';
    expect(good(line, { event: 'alert.body', label: 'close.reason', id: 'meta.id' })).toMatchObject({
      body: Buffer.from('{"x":1}'),
      label: 'Drop',
      eventId: 'A-1',
    });
    expect(good(line, { event: '.', label: 'close.reason' }).body.toString()).toBe(line);
  });

  it('has an id of its own, or one that follows from the line and its place', () => {
    const line = '{"event":{},"id":"a/b c","n":7}';
    expect(good(line).eventId).toMatch(/^line-7-[0-9a-f]{16}$/);
    expect(good(line).eventId).toBe(good(line).eventId);
    expect(read(line, {}, 8)).not.toMatchObject({ eventId: good(line).eventId });
    expect(good(line, { id: 'n' }).eventId).toBe('7');
    expect(good(line, { id: 'id' })).toMatchObject({
      eventId: expect.stringMatching(/^id-[0-9a-f]{16}$/),
      notes: [expect.stringContaining('characters')],
    });
    expect(good(line, { id: 'none' })).toMatchObject({
      eventId: expect.stringMatching(/^line-/),
      notes: [expect.stringContaining('no "none"')],
    });
    expect(secondId('x'.repeat(200), Buffer.from(line))).toHaveLength(197);
  });

  it('gives back any alert as it stands in the line', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (event, label) => {
        const text = JSON.stringify(event);
        const row = readLabelledRow(
          Buffer.from(`{"label":${JSON.stringify(label)},"event":${text}}`),
          1,
          FIELDS,
          1e9,
        ) as LabelledRow;
        // A lone surrogate is escaped by JSON.stringify, so the bytes are the same text.
        expect(row.body.toString()).toBe(text);
        expect(row.label).toBe(label.trim() || null);
      }),
    );
  });
});
