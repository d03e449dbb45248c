import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunner, loadIntegration, loadPack, SandboxError } from './index.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-load-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const COMMANDS = `
  commands:
  - name: probe-say
    description: Says its text.
    arguments:
    - {name: text, description: The text., required: true}
    outputs:
    - {contextPath: Probe.said, description: The text., type: String}
`;

describe('a pack in the unified form', () => {
  it('has its code inside of the yml, and runs', async () => {
    write(
      'unified/Integrations/integration-Probe.yml',
      `commonfields: {id: Probe, version: -1}
name: Probe
display: The probe
image: data:image/png;base64,aGVsbG8=
detaileddescription: 'Say: it.'
configuration:
- {name: url, display: Server URL, type: 0, required: true}
- {name: credentials, displaypassword: API Key, type: 9, required: true, hiddenusername: true}
- {name: insecure, display: Trust any certificate, type: 8, required: false}
script:
  type: javascript
  script: |-
    var said = args.text + ' at ' + params.url + ', key ' + params.credentials.password;
    return {Type: entryTypes.note, ContentsFormat: formats.json, Contents: {said: said}, EntryContext: {'Probe': {said: said}}};
${COMMANDS}`,
    );
    write(
      'unified/Scripts/script-ProbeTwice.yml',
      `commonfields: {id: ProbeTwice, version: -1}
name: ProbeTwice
comment: Says it twice.
type: javascript
args:
- {name: text, description: The text., required: true}
script: |
  var said = executeCommand('probe-say', {text: args.text + args.text});
  return said[0].Contents.said;
`,
    );
    write('unified/Playbooks/playbook-Probe.yml', 'id: not read here');
    const { integrations, automations } = loadPack(join(folder, 'unified'));
    expect(integrations).toMatchObject([{ name: 'Probe', display: 'The probe' }]);
    expect(integrations[0]?.parameters).toMatchObject([
      { name: 'url', display: 'Server URL', required: true },
      { name: 'credentials', display: 'API Key', type: 9 },
      { name: 'insecure', type: 8 },
    ]);
    expect(integrations[0]?.commands).toMatchObject([{ name: 'probe-say', outputs: [{ path: 'Probe.said', type: 'String' }] }]);
    expect(automations).toMatchObject([{ name: 'ProbeTwice', command: { description: 'Says it twice.' } }]);
    const params = { url: 'http://x', credentials: 'k' };
    const runner = createRunner({ instances: [{ name: 'one', integration: integrations[0]!, params }], automations });
    const [result] = await runner.run({ command: 'ProbeTwice', args: { text: 'a' } });
    expect(result).toMatchObject({ instance: '', entries: [{ Contents: 'aa at http://x, key k' }] });
  });

  it('is the same as the tree with the code beside the yml', () => {
    const yml = (script: string) => `name: Probe\nconfiguration: []\nscript:\n  type: javascript\n  script: ${script}${COMMANDS}`;
    write('tree/Integrations/Probe/Probe.yml', yml("'-'"));
    write('tree/Integrations/Probe/Probe.js', "return 'ok';");
    const inside = write('inside.yml', yml('"return \'ok\';"'));
    expect(loadPack(join(folder, 'tree')).integrations).toEqual([loadIntegration(inside)]);
  });
});

it('a pack with other languages gives what is in JavaScript, and names the rest', () => {
  write('mixed/Integrations/Snake/Snake.yml', `name: Snake\nscript: {type: python, script: '-'}\n`);
  write('mixed/Integrations/Snake/Snake.py', '');
  write('mixed/Scripts/Shell/Shell.yml', 'name: Shell\ntype: powershell\nscript: x\n');
  write('mixed/Scripts/script-Say.yml', 'name: Say\ntype: javascript\nscript: return 1;\n');
  write('mixed/Integrations/Snake/test_data/x.yml', 'name: no integration\n');
  const { integrations, automations, others } = loadPack(join(folder, 'mixed'));
  expect(integrations).toEqual([]);
  expect(automations.map(({ name }) => name)).toEqual(['Say']);
  expect(others).toEqual(['Snake (python)', 'Shell (powershell)']);
  write('bare/Playbooks/playbook-A.yml', 'x');
  expect(loadPack(join(folder, 'bare'))).toEqual({ integrations: [], automations: [], others: [] });
});

describe('what is refused in a sentence with its place', () => {
  const says = (text: string): string => {
    try {
      loadIntegration(write('refused.yml', text));
      return '';
    } catch (error) {
      if (error instanceof SandboxError) return error.message.replace(join(folder, 'refused.yml'), 'F');
      throw error;
    }
  };

  it.each([
    ['an alias', 'name: &n Probe\ndisplay: *n\n', /^F, line 1: the file uses the anchor &n/],
    ['aliases without end', `a: &a [x, x]\nb: &b [${'*a, '.repeat(50)}*a]\n`, /^F, line \d: the file uses the a/],
    ['a key twice', 'name: a\nname: b\n', /^F, line 2: the file is not plain YAML/],
    ['a tag', 'name: !!js/function x\n', /^F, line 1: the file is not plain YAML/],
    ['__proto__', 'name: a\n__proto__: {x: 1}\n', /^F, line 2: the file uses the key __proto__/],
    ['brackets without end', `name: ${'['.repeat(600)}`, /opens more than 500 brackets/],
    ['several documents', 'name: a\n---\nname: b\n', /holds several documents/],
    ['a list', '- a\n', /^F has no members/],
    ['Python', 'name: a\nscript: {type: python, script: x}\n', /^F is written in python; only JavaScript runs here/],
    ['no name', 'script: {type: javascript, script: x}\n', /^F has no name/],
  ])('%s', (_, text, sentence) => {
    expect(says(text)).toMatch(sentence);
  });

  it('no folder, nothing of a pack, two ymls in one folder, no code', () => {
    const of = (name: string) => () => loadPack(join(folder, name));
    expect(of('nowhere')).toThrow(/is no folder/);
    mkdirSync(join(folder, 'empty'));
    expect(of('empty')).toThrow(/has neither Integrations nor Scripts nor Playbooks/);
    write('two/Integrations/A/a.yml', '');
    write('two/Integrations/A/b.yml', '');
    expect(of('two')).toThrow(/has 2 yml files where one should be/);
    write('codeless/Integrations/A/A.yml', 'name: A\nscript: {type: javascript, script: "-"}\n');
    expect(of('codeless')).toThrow(/There is no file .*A\.js/);
  });
});
