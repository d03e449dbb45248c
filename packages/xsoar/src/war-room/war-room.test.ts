// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentsOf } from '../playbook/incident.ts';
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

describe('incidents', () => {
  const search = async () => {
    const room = open();
    expect((await room.run('!getIncidents')).results[0]?.entries[0]?.Contents).toEqual({ data: null, total: 0 });
    room.loadOthers(
      incidentsOf([
        { id: '7', name: 'Port | scan', status: 2, created: '2026-11-10T00:00:00Z', severity: 3, owner: 'ada' },
        { id: '8', name: 'Port knock', CustomFields: { verdictfeedback: 'not sent: x' } },
      ]),
    );
    room.loadIncident({ name: 'An alert' });
    return room;
  };
  const idsOf = (found: unknown) => (found as { data: { id: string }[] }).data.map(({ id }) => id);

  it('are found by getIncidents, which leaves the context to extend-context', async () => {
    const room = await search();
    const contents = async (line: string) => {
      const { error, results } = await room.run(line);
      expect(error).toBeUndefined();
      return results[0]?.entries[0]?.Contents;
    };
    expect(idsOf(await contents('!getIncidents'))).toEqual(['1', '7', '8']);
    expect(idsOf(await contents('!getIncidents query=`verdictfeedback:not*`'))).toEqual(['8']);
    expect(idsOf(await contents('!getIncidents id=7,8 status=closed'))).toEqual(['7']);
    expect(room.context).toEqual({});
    expect((await room.run('!getIncidents name="Port knock" extend-context=Found=data')).changed).toEqual(['Found']);
    expect(room.read('Found.id')).toBe('8');
  });

  it('go to foundIncidents, one for each id, and into a table by SearchIncidentsV2', async () => {
    const room = await search();
    const { results, changed } = await room.run('!SearchIncidentsV2 owner=ada');
    expect(changed).toEqual(['foundIncidents']);
    expect(results[0]?.entries[0]?.HumanReadable).toBe(
      '### Incidents found\n| id | name | severity | status | owner | created | closed |\n| --- | --- | --- | --- | --- | --- | --- |\n' +
        '| 7 | Port \\| scan | 3 | 2 | ada | 2026-11-10T00:00:00Z |   |\n',
    );
    await room.run('!SearchIncidentsV2');
    await room.run('!SearchIncidentsV2 id=8');
    expect(room.read('foundIncidents.id')).toEqual(['7', '1', '8']);
    const none = await room.run('!SearchIncidentsV2 id=9');
    expect(none).toMatchObject({ changed: [], results: [{ entries: [{ HumanReadable: 'Incidents not found.' }] }] });
  });

  it('are changed by id, and what is not understood is said', async () => {
    const room = await search();
    await room.run('!setIncident id=8 verdictfeedback=Drop');
    await room.run('!closeInvestigation id=8 closeReason=Other');
    expect(room.incident).toMatchObject({ id: '1', status: 1 });
    expect(
      idsOf((await room.run('!getIncidents query=`status:closed and verdictfeedback:Drop`')).results[0]?.entries[0]?.Contents),
    ).toEqual(['8']);
    expect((await room.run('!setIncident id=9 owner=x')).error).toBe('There is no incident 9.');
    expect((await room.run('!getIncidents sort=created')).error).toMatch(
      /^getIncidents has no argument sort\. It has: id, name, /,
    );
    expect((await room.run('!getIncidents query=phishing')).error).toBe(
      'The search phishing is not understood: phishing is no field:value.',
    );
    expect((await room.run('!getIncidents fromdate=yesterday')).error).toBe('"yesterday" is not a date.');
  });

  it('are not there twice where the one at hand is in the list', async () => {
    const room = await search();
    room.loadIncident({ id: '7', name: 'At hand', status: 2 });
    const found = (await room.run('!getIncidents status=closed')).results[0]?.entries[0]?.Contents;
    expect(found).toMatchObject({ total: 1, data: [{ id: '7', name: 'At hand' }] });
  });
});

it('a command says which keys of the context it changed, also a built-in one', async () => {
  const room = open();
  expect((await room.run('!Set key=A.n value=5')).changed).toEqual(['A']);
  expect((await room.run('!Set key=A.n value=5')).changed).toEqual([]);
  expect((await room.run('!DeleteContext key=A.n')).changed).toEqual(['A']);
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

  it('is bold where it is meant to be, and shows a sign that was escaped', () => {
    const text = '**Automation**: ask\\_me \\*\\*not bold\\*\\* C:\\\\x\n# a\\_b **c**';
    expect(renderMarkdown(text, { width: 80, colour: false })).toBe('Automation: ask_me **not bold** C:\\x\na_b c');
    expect(renderMarkdown('**A**: b', { width: 80, colour: true })).toBe('\u001b[1mA\u001b[22m: b');
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
