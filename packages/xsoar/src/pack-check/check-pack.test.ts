import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPacks } from './check-pack.ts';
import { type Finding, RULES, type RuleId } from './finding.ts';
import { goodPack, type PackDraft, type Part, writePack } from './testing.ts';

function check(draft: PackDraft): readonly Finding[] {
  const folder = writePack(draft);
  try {
    return checkPacks(folder).findings;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const INTEGRATION = 'Integrations/Sample/Sample.yml';
const SCRIPT = 'Scripts/SampleScript/SampleScript.yml';
const FIELD = 'IncidentFields/incidentfield-Sample_State.json';
const PLAYBOOK = 'Playbooks/playbook-Sample.yml';

/** For each rule: how the good pack is spoiled, in what file the finding stands, and what it says. */
const BAD: Readonly<
  Record<RuleId, readonly (readonly [file: string, says: RegExp, spoil: (pack: { [path: string]: Part }) => void])[]>
> = {
  readable: [
    [INTEGRATION, /anchor/, (pack) => spoil(pack, INTEGRATION, 'a: &a [1]\nb: *a\n')],
    ['pack_metadata.json', /not JSON/, (pack) => spoil(pack, 'pack_metadata.json', '{"name": ')],
    [FIELD, /not JSON/, (pack) => spoil(pack, FIELD, '{name: State}')],
    [FIELD, /no map of keys and values/, (pack) => spoil(pack, FIELD, '"x"')],
  ],
  'file-name': [
    ['Scripts/SampleScript/other.yml', /another name/, (pack) => move(pack, SCRIPT, 'Scripts/SampleScript/other.yml')],
    ['Scripts/sample_2/sample_2.yml', /PascalCase/, (pack) => move(pack, SCRIPT, 'Scripts/sample_2/sample_2.yml')],
    ['Playbooks/playbook Sample.yml', /blanks/, (pack) => move(pack, PLAYBOOK, 'Playbooks/playbook Sample.yml')],
  ],
  'missing-file': [
    ['README.md', /no README.md/, (pack) => remove(pack, 'README.md')],
    [
      'Integrations/Sample/Sample_description.md',
      /no Sample_description.md/,
      (pack) => remove(pack, 'Integrations/Sample/Sample_description.md'),
    ],
    [
      'Scripts/SampleScript/SampleScript.js',
      /no SampleScript.js/,
      (pack) => remove(pack, 'Scripts/SampleScript/SampleScript.js'),
    ],
  ],
  'metadata-keys': [
    ['pack_metadata.json', /The key author is missing/, (pack) => remove(pack['pack_metadata.json']!, 'author')],
    ['pack_metadata.json', /tags is not a list/, (pack) => set(pack['pack_metadata.json']!, 'tags', 'a')],
    ['pack_metadata.json', /support is "friend"/, (pack) => set(pack['pack_metadata.json']!, 'support', 'friend')],
  ],
  'metadata-version': [
    ['pack_metadata.json', /currentVersion is "1.0"/, (pack) => set(pack['pack_metadata.json']!, 'currentVersion', '1.0')],
  ],
  'release-notes': [
    ['pack_metadata.json', /no release notes of 1.0.1/, (pack) => remove(pack, 'ReleaseNotes/1_0_1.md')],
    ['pack_metadata.json', /1.1.0, which is newer/, (pack) => spoil(pack, 'ReleaseNotes/1_1_0.md', 'x')],
  ],
  'required-keys': [
    [INTEGRATION, /The key category is missing/, (pack) => remove(pack[INTEGRATION]!, 'category')],
    [FIELD, /The key type is missing/, (pack) => remove(pack[FIELD]!, 'type')],
    [
      'Dashboards/dashboard-Sample.json',
      /The key layout is missing/,
      (pack) => remove(pack['Dashboards/dashboard-Sample.json']!, 'layout'),
    ],
    [PLAYBOOK, /The key view is missing/, (pack) => remove(pack[PLAYBOOK]!, 'view')],
    [
      PLAYBOOK,
      /cannot be read as a playbook: task "1" .* goes on to task "9"/,
      (pack) => set(task(pack, '1').nexttasks!, '#none#', ['9']),
    ],
  ],
  'id-is-name': [[SCRIPT, /The id "Other" is not the name/, (pack) => set(pack[SCRIPT]!.commonfields!, 'id', 'Other')]],
  'version-minus-one': [
    [INTEGRATION, /not -1/, (pack) => set(pack[INTEGRATION]!.commonfields!, 'version', 3)],
    [PLAYBOOK, /not -1/, (pack) => remove(pack[PLAYBOOK]!, 'version')],
  ],
  'from-version': [[FIELD, /fromVersion is missing/, (pack) => remove(pack[FIELD]!, 'fromVersion')]],
  credentials: [
    [
      INTEGRATION,
      /of type 4/,
      (pack) => set(pack[INTEGRATION]!.configuration!, '4', { name: 'apikey', display: 'API key', type: 4 }),
    ],
    [
      INTEGRATION,
      /plain text/,
      (pack) => set(pack[INTEGRATION]!.configuration!, '4', { name: 'token', display: 'Token', type: 0 }),
    ],
    [INTEGRATION, /without a title/, (pack) => remove(pack[INTEGRATION]!.configuration![1]!, 'hiddenusername')],
    [INTEGRATION, /the secret has no title/, (pack) => remove(pack[INTEGRATION]!.configuration![1]!, 'displaypassword')],
  ],
  insecure: [
    [INTEGRATION, /not as in all packs/, (pack) => set(pack[INTEGRATION]!.configuration![2]!, 'display', 'Trust anything')],
    [INTEGRATION, /no parameter insecure/, (pack) => set(pack[INTEGRATION]!.configuration![2]!, 'name', 'other')],
  ],
  proxy: [[INTEGRATION, /not as in all packs/, (pack) => set(pack[INTEGRATION]!.configuration![3]!, 'required', true)]],
  described: [
    [INTEGRATION, /The command sample-get has no description/, (pack) => remove(command(pack), 'description')],
    [INTEGRATION, /The argument id of sample-get/, (pack) => remove(command(pack).arguments![0]!, 'description')],
    [INTEGRATION, /The output Sample.id of sample-get/, (pack) => set(command(pack).outputs![0]!, 'description', '')],
    [PLAYBOOK, /The input id has no description/, (pack) => set(pack[PLAYBOOK]!.inputs![0]!, 'description', '')],
  ],
  typed: [
    [INTEGRATION, /Sample.id of sample-get has no type/, (pack) => remove(command(pack).outputs![0]!, 'type')],
    [INTEGRATION, /The parameter url has the type "99"/, (pack) => set(pack[INTEGRATION]!.configuration![0]!, 'type', 99)],
  ],
  'field-name': [
    [FIELD, /The cliName "Sample_State"/, (pack) => set(pack[FIELD]!, 'cliName', 'Sample_State')],
    [FIELD, /The id is "samplestate"/, (pack) => set(pack[FIELD]!, 'id', 'samplestate')],
  ],
  es5: [
    [
      'Integrations/Sample/Sample.js',
      /not ES5.1/,
      (pack) => spoil(pack, 'Integrations/Sample/Sample.js', 'var a;\nlet b = () => 1;\n'),
    ],
    [SCRIPT, /not ES5.1/, (pack) => set(pack[SCRIPT]!, 'script', 'const a = 1;')],
  ],
  'task-id': [
    [PLAYBOOK, /taskid is "x"/, (pack) => set(task(pack, '1'), 'taskid', 'x')],
    [PLAYBOOK, /calls itself "7"/, (pack) => set(task(pack, '1'), 'id', '7')],
  ],
  circle: [[PLAYBOOK, /task "1" \(Task 1\) → task "2" \(Well\?\)/, (pack) => set(task(pack, '2').nexttasks!, 'yes', ['1'])]],
  'unreachable-task': [[PLAYBOOK, /to task "3"/, (pack) => set(task(pack, '2').nexttasks!, 'yes', ['4'])]],
  'unreachable-branch': [
    [PLAYBOOK, /No condition leads to the branch "maybe"/, (pack) => set(task(pack, '2').nexttasks!, 'maybe', ['3'])],
    [PLAYBOOK, /The branch "yes" leads nowhere/, (pack) => remove(task(pack, '2').nexttasks!, 'yes')],
    [PLAYBOOK, /no condition has the branch "yes"/, (pack) => set(task(pack, '3').nexttasks!, 'yes', ['5'])],
  ],
  'missing-else': [[PLAYBOOK, /has no else/, (pack) => remove(task(pack, '2').nexttasks!, '#default#')]],
  'error-path': [
    [PLAYBOOK, /never taken/, (pack) => set(task(pack, '1'), 'continueonerrortype', '')],
    [PLAYBOOK, /has none/, (pack) => remove(task(pack, '1').nexttasks!, '#error#')],
  ],
  'undeclared-input': [[PLAYBOOK, /names the input other/, (pack) => argument(pack, '3', 'value', '${inputs.other}')]],
  'unused-input': [[PLAYBOOK, /The input id is declared and never used/, (pack) => argument(pack, '1', 'id', '7')]],
  'fixed-instance': [[PLAYBOOK, /"Sample_instance_1" only/, (pack) => argument(pack, '1', 'using', 'Sample_instance_1')]],
  'delete-all-context': [
    [
      PLAYBOOK,
      /deletes the whole context/,
      (pack) => {
        set(task(pack, '4').task!, 'scriptName', 'DeleteContext');
        argument(pack, '4', 'all', 'yes');
      },
    ],
  ],
  'unknown-reference': [
    [
      PLAYBOOK,
      /"Sample.colour" is named, and no earlier task gives it/,
      (pack) => argument(pack, '3', 'value', '${Sample.colour}'),
    ],
    [PLAYBOOK, /"Said" is named/, (pack) => argument(pack, '1', 'id', '${inputs.id}${Said}')],
    [PLAYBOOK, /cannot be read/, (pack) => argument(pack, '3', 'value', '${Sample.state')],
    [PLAYBOOK, /No task gives the output Other/, (pack) => set(pack[PLAYBOOK]!.outputs![0]!, 'contextPath', 'Other')],
  ],
  'unknown-work': [
    [PLAYBOOK, /The command other-get is neither/, (pack) => set(task(pack, '1').task!, 'script', '|||other-get')],
    [
      PLAYBOOK,
      /The playbook "Elsewhere" is neither/,
      (pack) => {
        set(task(pack, '3'), 'type', 'playbook');
        set(task(pack, '3').task!, 'playbookName', 'Elsewhere');
      },
    ],
  ],
  arguments: [
    [PLAYBOOK, /has no argument colour/, (pack) => argument(pack, '1', 'colour', 'red')],
    [PLAYBOOK, /needs the argument id/, (pack) => remove(task(pack, '1').scriptarguments!, 'id')],
  ],
};

describe('pack check', () => {
  it('has nothing to say of a good pack', () => {
    expect(check(goodPack())).toEqual([]);
  });

  for (const [rule, examples] of Object.entries(BAD)) {
    it(`finds what breaks the rule ${rule}`, () => {
      expect(examples.length).toBeGreaterThan(0);
      for (const [file, says, breakIt] of examples) {
        const pack = goodPack();
        breakIt(pack as { [path: string]: Part });
        const found = check(pack);
        const wanted = found.find((one) => one.rule === rule && says.test(one.message));
        expect(wanted, `${rule} in ${JSON.stringify(found)}`).toBeDefined();
        expect(wanted!.file).toBe(file);
        expect(wanted!.line).toBeGreaterThan(0);
        expect(wanted!.mend).toMatch(/\.$/);
      }
    });
  }

  it('has an example for each rule', () => {
    expect(Object.keys(BAD).sort()).toEqual(Object.keys(RULES).sort());
  });

  it('is softer where an earlier task may give anything', () => {
    const pack = goodPack() as { [path: string]: Part };
    set(task(pack, '1').task!, 'script', '|||other-get');
    const found = check(pack).filter(({ rule }) => rule === 'unknown-reference');
    expect(found.map(({ severity, message }) => [severity, message])).toContainEqual([
      'warning',
      '"Sample.state" is named, and no earlier task that the pack describes gives it.',
    ]);
    expect(found.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('does not call JavaScript wrong that XSOAR runs and that is not understood here', () => {
    const mendOf = (value: string) => {
      const pack = goodPack() as { [path: string]: Part };
      argument(pack, '3', 'value', value);
      return check(pack).find(({ message }) => message.startsWith('An expression cannot be read'))?.mend;
    };
    expect(mendOf('${.=function(val) { return val.x }(val)}')).toMatch(/^XSOAR runs any JavaScript/);
    expect(mendOf('${Sample.state')).toBe('Write it as XSOAR’s DT.');
  });

  it('says of what cannot be read one thing only', () => {
    const pack = goodPack() as { [path: string]: Part };
    spoil(pack, FIELD, '["x"]');
    expect(check(pack).map(({ rule, message }) => [rule, message])).toEqual([
      ['readable', 'The file is no map of keys and values.'],
    ]);
  });

  it('names what is no list, and ids that are alike and no UUID', () => {
    const pack = goodPack() as { [path: string]: Part };
    set(pack[INTEGRATION]!.script!, 'commands', 'nonsense');
    set(task(pack, '1'), 'taskid', 'x');
    set(task(pack, '1').task!, 'id', 'x');
    const said = check(pack).map(({ message, place }) => `${message} ${place}`);
    expect(said).toContain('commands is not a list. script.commands');
    expect(said).toContain('taskid is "x", which is no UUID. task "1" (Task 1)');
  });

  it('takes an archive that was made for the upload and unpacked', () => {
    const { 'pack_metadata.json': metadata, 'README.md': _, '.pack-ignore': __, '.secrets-ignore': ___, ...rest } = goodPack();
    const tree = Object.entries(rest).filter(([path]) => !path.startsWith('ReleaseNotes/'));
    expect(check({ ...Object.fromEntries(tree), 'metadata.json': metadata })).toEqual([]);
    const untitled = check({ ...Object.fromEntries(tree), 'metadata.json': { ...(metadata as object), name: '' } });
    expect(untitled).toMatchObject([{ file: 'metadata.json', rule: 'metadata-keys', message: 'name is empty.' }]);
  });

  it('says where it stands', () => {
    const pack = goodPack() as { [path: string]: Part };
    set(task(pack, '1'), 'taskid', 'x');
    const [one] = check(pack);
    expect(one).toMatchObject({ file: PLAYBOOK, place: 'task "1" (Task 1)', rule: 'task-id', severity: 'error' });
    expect(JSON.stringify(pack[PLAYBOOK], undefined, 2).split('\n')[one!.line - 1]).toContain('"taskid": "x"');
  });

  it('finds the packs of a repository, follows no links, and says where there is none', () => {
    const pack = goodPack();
    const folder = writePack(
      Object.fromEntries(Object.entries(pack).map(([path, content]) => [`Packs/Sample/${path}`, content])),
    );
    const empty = mkdtempSync(join(tmpdir(), 'pack-check-'));
    try {
      symlinkSync(folder, join(folder, 'again'));
      expect(checkPacks(folder)).toMatchObject({ packs: ['Packs/Sample'], findings: [] });
      expect(() => checkPacks(empty)).toThrow('holds no content pack');
      expect(() => checkPacks(join(empty, 'x'))).toThrow('is not a folder');
    } finally {
      for (const one of [folder, empty]) rmSync(one, { recursive: true, force: true });
    }
  });
});

function task(pack: { [path: string]: Part }, id: string): Part {
  return pack[PLAYBOOK]!.tasks![id]!;
}

function command(pack: { [path: string]: Part }): Part {
  return pack[INTEGRATION]!.script!.commands![0]!;
}

function argument(pack: { [path: string]: Part }, id: string, name: string, text: string): void {
  set(task(pack, id).scriptarguments!, name, { simple: text });
}

function set(where: { [key: string]: Part }, key: string, value: unknown): void {
  where[key] = part(value);
}

function spoil(pack: { [path: string]: Part }, path: string, text: string): void {
  pack[path] = part(text);
}

function remove(where: { [key: string]: Part }, key: string): void {
  delete where[key];
}

function move(pack: { [path: string]: Part }, from: string, to: string): void {
  pack[to] = pack[from]!;
  delete pack[from];
}

function part(value: unknown): Part {
  return value as Part;
}
