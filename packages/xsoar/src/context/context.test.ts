// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Context,
  ContextError,
  deletePath,
  fillTemplate,
  type Json,
  mergeEntryContext,
  readPath,
  setPath,
  valueToSet,
} from './index.ts';

/** The example of XSOAR's page "Cortex XSOAR Transform Language (DT)", xsoar.pan.dev/docs/integrations/dt, shortened. */
const DT_PAGE: Context = {
  URL: { Data: 'google.com' },
  IP: { Hostname: 'google-public-dns-a.google.com', RecordedFuture: { FirstSeen: '2010-04-27T12:46:51.000Z' }, ASN: 15169 },
  DBotScore: [
    { Vendor: 'urlscan.io', Indicator: 'google.com', Score: 0, Type: 'url' },
    { Vendor: 'ipinfo', Indicator: '8.8.8.8', Score: 0, Type: 'ip' },
    { Vendor: 'Recorded Future', Indicator: '8.8.8.8', Score: 0, Type: 'ip' },
    { Vendor: 'VirusTotal', Indicator: '8.8.8.8', Score: 1, Type: 'ip' },
  ],
  URLScan: {
    Country: ['IE'],
    Certificates: [
      { SubjectName: 'www.google.com', ValidFrom: '2018-12-19 08:16:00' },
      { SubjectName: '*.google.com', ValidFrom: '2018-12-19 08:17:39' },
      { SubjectName: 'www.google.de', ValidFrom: '2018-12-19 08:16:00' },
      { SubjectName: '*.g.doubleclick.net', ValidFrom: '2018-12-19 08:17:00' },
      { SubjectName: '*.apis.google.com', ValidFrom: '2018-12-19 08:16:00' },
    ],
  },
  MaxMind: { Organization: 'Google LLC', Geo: { Continent: 'North America' } },
};

describe('reading, as XSOAR’s page on DT shows it', () => {
  it.each<[string, Json]>([
    ['MaxMind.Geo.Continent', 'North America'],
    ['IP.Hostname', 'google-public-dns-a.google.com'],
    ['IP.RecordedFuture.FirstSeen', '2010-04-27T12:46:51.000Z'],
    [
      'URLScan.Certificates.SubjectName',
      ['www.google.com', '*.google.com', 'www.google.de', '*.g.doubleclick.net', '*.apis.google.com'],
    ],
    ['URLScan.Certificates.[0].SubjectName', 'www.google.com'],
    ['URLScan.Certificates.[0:2].SubjectName', ['www.google.com', '*.google.com', 'www.google.de']],
    ["DBotScore.Vendor(val == 'urlscan.io')", 'urlscan.io'],
    ["URLScan.Certificates.SubjectName( val.indexOf('www') == 0)", ['www.google.com', 'www.google.de']],
    ["URLScan.Certificates.SubjectName( val.indexOf('doubleclick') >= 0)", '*.g.doubleclick.net'],
    ["URLScan.Country( val.toUpperCase().indexOf('IE') >= 0)", 'IE'],
    ['MaxMind.Organization=val.toLowerCase()', 'google llc'],
    ["DBotScore.Vendor(val.indexOf('Recorded')>=0)=val.toLowerCase()", 'recorded future'],
  ])('%s', (expression, found) => {
    expect(readPath(DT_PAGE, expression)).toEqual(found);
  });

  it('makes objects and texts of several values', () => {
    expect(readPath(DT_PAGE, "DBotScore(val.Type == 'ip')=val.Type + ': ' + val.Vendor")).toEqual([
      'ip: ipinfo',
      'ip: Recorded Future',
      'ip: VirusTotal',
    ]);
    // xsoar.pan.dev/docs/playbooks/playbooks-extend-context, "DT Syntax to Get Select Keys from List of Dictionaries"
    expect(
      readPath(
        [
          { value: 'a', indicator_type: 'IP', x: 1 },
          { value: 'b', indicator_type: 'IP', x: 2 },
        ],
        '.={"value": val.value, "indicator_type": val.indicator_type}',
      ),
    ).toEqual([
      { value: 'a', indicator_type: 'IP' },
      { value: 'b', indicator_type: 'IP' },
    ]);
  });
});

describe('reading', () => {
  const context: Context = {
    Arcanna: {
      Jobs: [
        { job_id: 7, title: 'x', status: 'STARTED' },
        { job_id: 8, title: 'y', status: 'IDLE' },
      ],
      Event: { event_id: 'e', result: null },
    },
    'a.b': { c: 1 },
  };

  it('finds by a member, all members, everything, an escaped dot, the first of what is no list', () => {
    expect(readPath(context, "Arcanna.Jobs(val.title == 'x').job_id")).toBe(7);
    expect(readPath(context, 'Arcanna.Jobs(val.title === "x" || val.job_id >= 8).job_id')).toEqual([7, 8]);
    expect(readPath(context, 'Arcanna.Event.[0].event_id')).toBe('e');
    expect(readPath(context, 'Arcanna.Event.result')).toBeNull();
    expect(readPath(context, 'Arcanna.Event.*')).toEqual(['e', null]);
    expect(readPath(context, '.')).toEqual(context);
    expect(readPath(context, '.Arcanna.Event.event_id')).toBe('e');
    expect(readPath(context, 'a\\.b.c')).toBe(1);
    expect(readPath(context, 'Arcanna.Nothing.there')).toBeUndefined();
    expect(readPath(context, 'Arcanna.Jobs.[9]')).toBeUndefined();
    expect(readPath(context, "Arcanna.Jobs(val.title == 'z').job_id")).toBeUndefined();
  });

  it('does not reach behind objects', () => {
    for (const path of ['__proto__', 'constructor.name', 'a.prototype'])
      expect(() => readPath(context, path)).toThrow(ContextError);
    expect(readPath(context, 'Arcanna.Event.toString')).toBeUndefined();
    expect(readPath(context, 'Arcanna.Event=val.constructor')).toBeUndefined();
    expect(readPath(context, "Arcanna.Event=val['__proto__']")).toBeUndefined();
  });

  it.each([
    ['Arcanna.Jobs=foo(val);function foo(a){return a}', /not an expression/],
    ['Arcanna.Jobs=(function(){return 1})()', /computed call/],
    ['Arcanna.Jobs=process.exit()', /method exit/],
    ['Arcanna.Jobs(val => true)', /a function/],
    ["Arcanna.Jobs(val.title.match('x'))", /method match/],
    ['Arcanna.Jobs(/x/)', /regular expression/],
    ['Arcanna.Jobs=window', /name window/],
    ['Arcanna.Jobs=val.x = 1', /an assignment/],
    ['Arcanna.Jobs=`$' + '{val}`', /template/],
    ['Arcanna.Jobs=new Date()', /new/],
    ['Arcanna..Jobs', /empty name/],
    ['Arcanna.', /ends with a dot/],
    ['Arcanna.Jobs(val', /not closed/],
    ['Arcanna.[x]', /\[x\]/],
    ['', /empty/],
    [`Arcanna=${'('.repeat(9_000)}`, /not closed|not an expression|too deep/],
    [`A=${'!'.repeat(9_000)}1`, /too deep/],
    [`A=${'-'.repeat(12_000)}1`, /longer/],
  ])('refuses %.60s by name', (expression, reason) => {
    expect(() => readPath(context, expression)).toThrow(reason);
    expect(() => readPath(context, expression)).toThrow(ContextError);
  });

  it('takes no longer for a long chain of alternatives', () => {
    const chain = Array.from({ length: 900 }, () => 'val.x').join('||');
    expect(readPath({ A: [{ x: 0 }] }, `A(${chain})`)).toBeUndefined();
  });
});

describe('merging', () => {
  it('updates what has the same id and adds what has not, as XSOAR’s page on DT says', () => {
    const key = 'URL(val.Data && val.Data == obj.Data)';
    const first = mergeEntryContext({}, { [key]: { Data: 'www.demisto.com', Score: 1 } });
    expect(first).toEqual({ URL: { Data: 'www.demisto.com', Score: 1 } });
    const second = mergeEntryContext(first, { [key]: { Data: 'www.demisto.com', Malicious: { Vendor: 'Palo Alto Networks' } } });
    expect(second).toEqual({ URL: { Data: 'www.demisto.com', Score: 1, Malicious: { Vendor: 'Palo Alto Networks' } } });
    const third = mergeEntryContext(second, { [key]: [{ Data: 'other' }, { Data: 'www.demisto.com', Score: 2 }] });
    expect(third).toEqual({
      URL: [{ Data: 'www.demisto.com', Score: 2, Malicious: { Vendor: 'Palo Alto Networks' } }, { Data: 'other' }],
    });
    expect(first).toEqual({ URL: { Data: 'www.demisto.com', Score: 1 } });
  });

  it('keeps a list of one as its item, as the contexts on XSOAR’s page “Context and Outputs” stand', () => {
    const score = { Indicator: 'google.com', Vendor: 'Autofocus v2', Score: 2, Type: 'domain' };
    const key = 'DBotScore(val.Indicator && val.Indicator == obj.Indicator && val.Vendor == obj.Vendor && val.Type == obj.Type)';
    const one = mergeEntryContext({}, { [key]: [score] });
    expect(one).toEqual({ DBotScore: score });
    expect(mergeEntryContext(one, { [key]: [{ ...score, Vendor: 'other' }] })).toEqual({
      DBotScore: [score, { ...score, Vendor: 'other' }],
    });
  });

  it('sets and adds without a selector, and does not add twice', () => {
    const one = mergeEntryContext({}, { 'Arcanna.Train': { status: 'OK' } });
    expect(one).toEqual({ Arcanna: { Train: { status: 'OK' } } });
    expect(mergeEntryContext(one, { 'Arcanna.Train': { status: 'OK' } })).toEqual(one);
    expect(mergeEntryContext(one, { 'Arcanna.Train': { status: 'ERROR' } })).toEqual({
      Arcanna: { Train: [{ status: 'OK' }, { status: 'ERROR' }] },
    });
    expect(mergeEntryContext({ L: ['a'] }, { L: ['b', 'a', 'c'] })).toEqual({ L: ['a', 'b', 'c'] });
    expect(mergeEntryContext({}, { L: ['a'] })).toEqual({ L: ['a'] });
  });

  it('goes through lists on the way, and makes objects where none are', () => {
    expect(mergeEntryContext({ A: [{ id: 1 }, 'x', { id: 2 }] }, { 'A.set': 'v' })).toEqual({
      A: [{ id: 1, set: 'v' }, 'x', { id: 2, set: 'v' }],
    });
    expect(mergeEntryContext({ A: 'text' }, { 'A.B.C(val.id == obj.id)': { id: 1 } })).toEqual({ A: { B: { C: { id: 1 } } } });
    expect(mergeEntryContext({ A: ['x'] }, { 'A.B': 1 })).toEqual({ A: ['x', { B: 1 }] });
    expect(mergeEntryContext({}, { 'A(val.id == obj.id)': [] })).toEqual({});
  });

  it('refuses keys that name no place, and values without end', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const bad: Record<string, unknown>[] = [
      { '__proto__.polluted': 1 },
      { 'A.constructor.prototype.polluted': 1 },
      { 'A=val.x': 1 },
      { 'A(val.id == obj.id).B': 1 },
      { 'A.[0]': 1 },
      { A: circle },
    ];
    for (const entry of bad) expect(() => mergeEntryContext({}, entry)).toThrow(ContextError);
    const evil: Record<string, unknown> = JSON.parse(
      '{"A":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    );
    expect(readPath(mergeEntryContext({}, evil), 'A.polluted')).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    const many = Array.from({ length: 3_000 }, (_, id) => ({ id }));
    const key = 'A(val.id === obj.id)';
    expect(() => mergeEntryContext({}, { [key]: many })).toThrow(/two million/);
  });
});

describe('setting and deleting', () => {
  it('sets in place of what was there, or adds', () => {
    expect(setPath({}, 'A.B', 1)).toEqual({ A: { B: 1 } });
    expect(setPath({ A: { B: [1, 2], C: 3 } }, 'A.B.[1]', 9)).toEqual({ A: { B: [1, 9], C: 3 } });
    expect(setPath({ A: { B: 1 } }, 'A.B', 2, true)).toEqual({ A: { B: [1, 2] } });
    // xsoar.pan.dev/docs/reference/scripts/set, "Script Example"
    expect(setPath({}, 'Data(val.ID == obj.ID)', { ID: 'test_id', Value: 'test_val2' }, true)).toEqual({
      Data: { ID: 'test_id', Value: 'test_val2' },
    });
    // The same page, "Known Limitations": no DT where append is false.
    expect(() => setPath({}, 'Data(val.ID == obj.ID)', {})).toThrow(/does not name one place/);
    expect(() => setPath({ A: [1] }, 'A.[3]', 1)).toThrow(/no item \[3\]/);
    expect(() => setPath({}, '[0]', 1)).toThrow(ContextError);
  });

  it('deletes members, items, and members of each item', () => {
    const context: Context = { A: [{ x: 1, y: 2 }, { x: 3 }], B: { C: 1 } };
    expect(deletePath(context, 'B')).toEqual({ A: context.A });
    expect(deletePath(context, 'B.C')).toEqual({ A: context.A, B: {} });
    expect(deletePath(context, 'A.x')).toEqual({ A: [{ y: 2 }, {}], B: { C: 1 } });
    expect(deletePath(context, 'A.[0]')).toEqual({ A: [{ x: 3 }], B: { C: 1 } });
    expect(deletePath(context, 'No.such')).toBe(context);
  });
});

// By hand, from what the code of the script in XSOAR's pack Common Scripts does with each.
it.each<[Json, Json, Json]>([
  ['5', 5, '5'],
  ['-5', -5, '-5'],
  ['1.50', 1.5, '1.50'],
  ['1.5e3', 1500, '1.5e3'],
  ['true', true, 'true'],
  ['null', null, 'null'],
  ['"x"', 'x', '"x"'],
  [' {"a": [1]} ', { a: [1] }, ' {"a": [1]} '],
  ['[broken', '[broken', '[broken'],
  ['007', '007', '007'],
  ['1e5', '1e5', '1e5'],
  ['1.5e400', '1.5e400', '1.5e400'],
  ['9007199254740993', '9007199254740993', '9007199254740993'],
  ['', '', ''],
  [5, 5, '5'],
  [{ a: '5' }, { a: '5' }, '{"a":"5"}'],
])('Set makes of %j %j, and with stringify %j', (value, set, asText) => {
  expect(valueToSet(value, false)).toEqual(set);
  expect(valueToSet(value, true)).toBe(asText);
});

describe('templates', () => {
  const root: Json = { incident: { name: 'Phish', severity: 2, labels: ['a', 'b'], raw: { x: '}' } }, 'odd }': 1 };

  it('keep the type where they are the whole text, and are text inside of it', () => {
    expect(fillTemplate(root, '${incident.severity}')).toBe(2);
    expect(fillTemplate(root, '${incident.labels}')).toEqual(['a', 'b']);
    expect(fillTemplate(root, '${nothing.here}')).toBeNull();
    // The example of XSOAR's page "Use the Command Line Interface": !Print value="hello ${a}"
    expect(fillTemplate({ a: 'world' }, 'hello ${a}')).toBe('hello world');
    expect(fillTemplate(root, '${incident.name}: ${incident.labels}, ${incident.raw}${nothing}!')).toBe('Phish: a,b, {"x":"}"}!');
    expect(fillTemplate(root, "${incident.labels(val == '}' || val == 'b')}")).toBe('b');
    expect(fillTemplate(root, 'plain $ {text}')).toBe('plain $ {text}');
    expect(fillTemplate(root, '')).toBe('');
  });

  it('do not look into what they put in, and say where a bracket is missing', () => {
    expect(fillTemplate({ a: '${b}', b: 'secret' }, 'x ${a}')).toBe('x ${b}');
    expect(() => fillTemplate(root, 'x ${incident.name')).toThrow(/not closed/);
  });
});

const item = fc.record(
  { id: fc.integer({ min: 1, max: 9 }), a: fc.jsonValue({ maxDepth: 2 }), b: fc.integer() },
  { requiredKeys: ['id'] },
);
const clean = (value: unknown): value is Json => !JSON.stringify(value).includes('__proto__');

describe('whatever comes', () => {
  const key = 'P.Q(val.id && val.id === obj.id)';

  it('merging the same again changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.array(item, { maxLength: 5 }), { maxLength: 4 }), (entries) => {
        const merged = entries.reduce<Context>(
          (context, value) => mergeEntryContext(context, { [key]: value, plain: value }),
          {},
        );
        const again = entries.at(-1);
        if (again !== undefined) expect(mergeEntryContext(merged, { [key]: again, plain: again })).toEqual(merged);
      }),
    );
  });

  it('ids stay in the order in which they first came, each once, with the members last said', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (items) => {
        const merged = items.reduce<Context>((context, value) => mergeEntryContext(context, { [key]: value }), {});
        const ids = [readPath(merged, 'P.Q.id') ?? null].flat();
        expect(ids).toEqual([...new Set(items.map(({ id }) => id))]);
        for (const { id, b } of items) {
          const last = items.findLast((other) => other.id === id && other.b !== undefined);
          if (b !== undefined) expect(readPath(merged, `P.Q(val.id === ${id}).b`)).toBe(last?.b);
        }
      }),
    );
  });

  it('what is set can be read, and what is deleted cannot', () => {
    const path = fc.array(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_ -]{0,5}[a-z]$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, fc.jsonValue({ maxDepth: 3 }).filter(clean), (keys, value) => {
        fc.pre(!keys.includes('constructor') && !keys.includes('prototype'));
        const name = keys.join('.');
        const context = setPath({ other: 1 }, name, value);
        expect(readPath(context, name)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(readPath(deletePath(context, name), name)).toBeUndefined();
      }),
    );
  });

  it('a path is read or refused in a sentence, and so is a template', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.()[]=:0\'"$!val {}\\*|&') }), (text) => {
        for (const act of [
          () => readPath(DT_PAGE, text),
          () => fillTemplate(DT_PAGE, text),
          () => setPath(DT_PAGE, text, 1, true),
        ]) {
          try {
            act();
          } catch (error) {
            expect(error).toBeInstanceOf(ContextError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
