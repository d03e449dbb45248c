// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Integration } from '../sandbox/index.ts';
import { CommandLineError, complete, parseCommandLine, renderMarkdown, visible, WarRoom } from './index.ts';

const INTEGRATION: Integration = {
  name: 'Probe',
  display: 'Probe',
  parameters: [],
  commands: [
    {
      name: 'probe-poll',
      description: 'Asks twice more before it is done.',
      deprecated: false,
      arguments: [
        {
          name: 'left',
          description: '',
          required: true,
          isDefault: true,
          isArray: false,
          defaultValue: '2',
          predefined: ['1', '2'],
        },
      ],
      outputs: [],
    },
  ],
  script: `var left = Number(args.left);
    var entry = {Type: entryTypes.note, ContentsFormat: formats.json, Contents: {left: left}, EntryContext: {'Probe(val.id === obj.id)': {id: 1, left: left}}};
    if (left > 0) { entry.PollingCommand = command; entry.NextRun = '0.05'; entry.Timeout = '20'; entry.PollingArgs = {left: String(left - 1)}; }
    return entry;`,
};

const open = () => new WarRoom({ instances: ['a', 'b'].map((name) => ({ name, integration: INTEGRATION, params: {} })) });

describe('a line', () => {
  // xsoar's page "Use the Command Line Interface": quotes with escapes, backticks without.
  it.each<[string, Record<string, string>, string[]]>([
    ['!c a=1 b="x y" c=\'z\'', { a: '1', b: 'x y', c: 'z' }, []],
    ['!c a="say \\"hi\\"\\n" b=`raw \\n "quoted"`', { a: 'say "hi"\n', b: 'raw \\n "quoted"' }, []],
    ["!c a=${A.b(val.x == 'y z')} b=${c}-d", { a: "${A.b(val.x == 'y z')}", b: '${c}-d' }, []],
    ['!c bare "two words" a=', { a: '' }, ['bare', 'two words']],
    ['!c extend-context=a=b.c::d=.={"v": val.v}', { 'extend-context': 'a=b.c::d=.={v:' }, ['val.v}']],
    [
      '!c a=`{"x": [1, "y z"]}` b={} c=[1,2] d=[a-z]+ `["bare"]`',
      { a: '{"x": [1, "y z"]}', b: '{}', c: '[1,2]', d: '[a-z]+' },
      ['["bare"]'],
    ],
    ['!c', {}, []],
  ])('%s', (line, args, bare) => {
    expect(parseCommandLine(line)).toEqual({ command: 'c', args, bare });
  });

  it.each([
    ['c a=1', /begin with "!"/],
    ['!', /name of a command/],
    ['!c a="x', /not closed/],
    ['!c a=`x', /not closed/],
    ['!c a=${x', /not closed/],
    ['!c a=1 a=2', /said twice/],
    ['!c a={"x":1}', /^a is JSON that is not in backticks: write it like a=`\{"a": 1\}`\.$/],
    ['!c a={"x": "y z"} b=1', /^a is JSON/],
    ['!c a=[1, 2]', /^a is JSON/],
    ["!c a=['x']", /^a is JSON/],
    ['!c {"x":1}', /^A value is JSON that is not in backticks: write it like `\{"a": 1\}`\.$/],
  ])('is refused in a sentence: %s', (line, reason) => {
    expect(() => parseCommandLine(line)).toThrow(reason);
  });

  it('gives back what was quoted, and fails in no other way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const quoted = `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
        expect(parseCommandLine(`!c a=${quoted}`).args).toEqual({ a: text });
        try {
          parseCommandLine(`!c ${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandLineError);
        }
      }),
    );
  });
});

describe('the War Room', () => {
  it('runs a command again until it is done, on every instance, and merges what it says', async () => {
    const room = open();
    const outcome = await room.run('!probe-poll 1');
    expect(outcome.results.map(({ instance, entries }) => [instance, entries[0]?.Contents])).toEqual([
      ['a', { left: 0 }],
      ['b', { left: 0 }],
    ]);
    expect(outcome.changed).toEqual(['Probe']);
    expect(room.context).toEqual({ Probe: { id: 1, left: 0 } });
    expect((await room.run('!probe-poll left=0 using=b')).results).toHaveLength(1);
    expect((await room.run('!probe-poll using=c')).error).toBe('There is no instance c. There are: a, b.');
    expect((await room.run('!probe-poll nonsense=1 using=a')).error).toMatch(/has no argument nonsense\. It has: left\./);
    expect((await room.run('!probe')).error).toMatch(/Did you mean probe-poll/);
  });

  it('stops a command when it is told to', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const room = new WarRoom({ instances: [{ name: 'a', integration: { ...INTEGRATION, script: 'wait(60);' }, params: {} }] });
    expect(await room.run('!probe-poll', stop.signal)).toMatchObject({ error: 'Stopped.' });
  });

  it('sets, adds, deletes and prints', async () => {
    const room = open();
    for (const line of [
      '!Set key=A.n value=5',
      '!Set key=A.n value=6 append=true',
      '!Set key=A.t value="05"',
      '!Set key=A.s value=5 stringify=true',
    ])
      expect((await room.run(line)).error).toBeUndefined();
    expect(room.context).toEqual({ A: { n: [5, 6], t: '05', s: '5' } });
    await room.run('!SetAndHandleEmpty key=B value=${nothing}');
    expect(room.read('B')).toBeUndefined();
    expect((await room.run('!Print value="hello ${A.n}"')).results[0]?.entries[0]?.Contents).toBe('hello 5,6');
    expect((await room.run('!DeleteContext key=A.n,A.none')).error).toBe('There is no A.none in the context.');
    await room.run('!DeleteContext all=yes keysToKeep=A.t');
    expect(room.context).toEqual({ A: { t: '05' } });
  });
});

it('an incident has its custom fields beside its own, and can be changed and closed', async () => {
  const room = open();
  room.loadIncident({ name: 'An alert', CustomFields: { verdicteventid: 'e-1' } });
  expect((await room.run('!Print value="${incident.name} is ${incident.verdicteventid}"')).results[0]?.entries[0]?.Contents).toBe(
    'An alert is e-1',
  );
  expect((await room.run('!setIncident severity=high verdictfeedback=Drop')).error).toBeUndefined();
  expect((await room.run('!setIncident customFields=nonsense')).error).toBe('customFields of setIncident is not a JSON object.');
  await room.run('!closeInvestigation closeReason=Resolved closeNotes=done');
  expect(room.incident).toMatchObject({
    name: 'An alert',
    severity: 3,
    status: 2,
    closeReason: 'Resolved',
    CustomFields: { verdicteventid: 'e-1', verdictfeedback: 'Drop' },
  });
});

describe('completion', () => {
  const room = open();
  const at = (line: string) => complete(line, room.commands(), room.instances);
  it('knows commands, arguments, values and instances', () => {
    expect(at('!probe')).toEqual([['!probe-poll '], '!probe']);
    expect(at('pro')[0]).toEqual(['!probe-poll ']);
    expect(at('!probe-poll l')).toEqual([['left='], 'l']);
    expect(at('!probe-poll left=1 ')[0]).not.toContain('left=');
    expect(at('!probe-poll left=')).toEqual([['1 ', '2 '], '']);
    expect(at('!probe-poll using=')).toEqual([['a ', 'b '], '']);
    expect(at('!incident l')).toEqual([['load '], 'l']);
    expect(at('!nonsense x')).toEqual([[], 'x']);
  });
});

describe('Markdown at the terminal', () => {
  const table = '### Jobs\n| id | title |\n| --- | --- |\n| 1 | a\\|b<br>c |\n| 22 | 漢字 |\n';
  it('is a heading and columns', () => {
    expect(renderMarkdown(table, { width: 80, colour: false })).toBe('Jobs\nid  title\n──  ─────\n1   a|b\n    c\n22  漢字');
    expect(renderMarkdown(table, { width: 80, colour: true })).toContain('\u001b[1mJobs\u001b[22m');
  });

  it('is one member a line where it is too wide', () => {
    const wide = `| event_id | note | empty |\n| --- | --- | --- |\n| e-1 | ${'word '.repeat(12).trim()} |   |\n`;
    expect(renderMarkdown(wide, { width: 40, colour: false }).split('\n')).toEqual([
      'event_id  e-1',
      'note      word word word word word word',
      '          word word word word word word',
    ]);
  });

  it('shows nothing that a terminal acts on, and no line is wider than the terminal', () => {
    expect(visible('\u001b[31m\u202e\u007f\ta')).toBe('␛[31m\\u{202e}␡    a');
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 3 }), { maxLength: 9 }), (rows) => {
        const cells = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll(/[|\n\r]/g, ' ')).join(' | ')} |`;
        const shown = renderMarkdown(['| a | b | c |', '| --- | --- | --- |', ...rows.map(cells)].join('\n'), {
          width: 40,
          colour: false,
        });
        expect(shown).toBe(visible(shown));
      }),
    );
  });
});
