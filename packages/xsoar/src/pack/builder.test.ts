import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseScript } from 'acorn';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from './commands.ts';
import { cliName, INCIDENT_FIELDS } from './incident-fields.ts';
import { packArchive, packFolder } from './pack-folder.ts';
import { PARAMETERS } from './parameters.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { SCRIPTS } from './scripts.ts';

/** What is written about the pack outside of it. */
const MANUALS = ['docs/xsoar.md', 'docs/playbook-tests.md', 'README.md'];

const root = join(import.meta.dirname, '../../../..');
const read = (path: string) => readFileSync(join(packFolder(), path), 'utf8');

describe('the build', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'build-pack-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same bytes each time, in whatever zone and language', () => {
    const build = (name: string, zone: string) => {
      const env = { ...process.env, TZ: zone, LANG: 'tr_TR.UTF-8' };
      const args = ['--conditions=source', 'scripts/build-pack.mjs', '--now', join(folder, name)];
      expect(spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      return bytesBelow(join(folder, name));
    };
    const [first, second] = [build('a', 'Pacific/Kiritimati'), build('b', 'America/Los_Angeles')];
    expect([...first.keys()]).toEqual([...second.keys()]);
    for (const [path, bytes] of first) expect(second.get(path)!.equals(bytes), path).toBe(true);
    const built = new Map([...bytesBelow(packFolder())].map(([path, bytes]) => [`content-pack/${path}`, bytes]));
    for (const [path, bytes] of built) expect(first.get(path)?.equals(bytes), path).toBe(true);
  });

  it('uses only what ES5.1 has, in language and library', () => {
    for (const file of readdirSync(packFolder(), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))) {
      const text = read(file);
      expect(() => parseScript(text, { ecmaVersion: 5, allowReturnOutsideFunction: true }), file).not.toThrow();
      expect(text.trimEnd().split('\n').at(-1)).toBe('return run();');
    }
    const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', 'packages/xsoar/tsconfig.script.json'];
    expect(spawnSync(process.execPath, tsc, { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });
});

describe('the tree', () => {
  it('has the yml of every command, argument and output, all described', () => {
    const yml = parse(read('Integrations/Verdict/Verdict.yml'), { version: '1.1' });
    expect(yml).toMatchObject({
      commonfields: { id: 'Verdict', version: -1 },
      name: 'Verdict',
      fromversion: '5.5.0',
      script: { type: 'javascript', script: '-' },
    });
    expect(yml.configuration.map(({ name }: { name: string }) => name)).toEqual(PARAMETERS.map(({ name }) => name));
    expect(yml.configuration).toContainEqual(
      expect.objectContaining({ name: 'credentials', type: 9, hiddenusername: true, displaypassword: 'API Key' }),
    );
    expect(yml.script.commands.map(({ name }: { name: string }) => name)).toEqual(COMMANDS.map(({ name }) => name));
    for (const command of yml.script.commands) {
      expect(command.description).toMatch(/\.$/);
      for (const one of [...command.arguments, ...command.outputs])
        expect(one.description, `${command.name} ${one.name}`).toMatch(/\.$/);
    }
    const readme = read('Integrations/Verdict/README.md');
    for (const { name, outputs } of COMMANDS) {
      expect(readme).toContain(`### ${name}\n`);
      for (const { path } of outputs) expect(readme).toContain(`| ${path} |`);
    }
  });

  it('has playbooks that name what is there: tasks, commands, arguments, fields, and quote what YAML 1.1 would misread', () => {
    const fields = new Set(INCIDENT_FIELDS.map(({ name }) => name.toLowerCase().replaceAll(' ', '')));
    const commands = new Map<string, readonly string[]>(
      COMMANDS.map((command) => [command.name, command.arguments.map(({ name }) => name)]),
    );
    const files = ['Playbooks', 'TestPlaybooks'].flatMap((place) =>
      readdirSync(join(packFolder(), place))
        .filter((name) => name.endsWith('.yml'))
        .map((name) => `${place}/${name}`),
    );
    expect(files).toHaveLength(5);
    for (const file of files) {
      const text = read(file);
      const playbook = parse(text, { version: '1.1' });
      expect(playbook.id).toBe(playbook.name);
      const ids = new Set(Object.keys(playbook.tasks));
      for (const [id, task] of Object.entries<Task>(playbook.tasks)) expectTask(id, task);
      function expectTask(id: string, task: Task): void {
        expect(task.id).toBe(id);
        expect(task.taskid).toBe(task.task.id);
        for (const next of Object.values(task.nexttasks ?? {}).flat())
          expect(ids.has(next), `${file} ${id} → ${next}`).toBe(true);
        if (task.type === 'condition') expect(Object.keys(task.nexttasks ?? {})).toContain('#default#');
        const command = task.task.script?.split('|||')[1];
        for (const name of Object.keys(task.scriptarguments ?? {})) {
          // `using` is XSOAR's own: which instances are asked.
          if (task.task.script?.startsWith('Verdict|||') && name !== 'using')
            expect(commands.get(command!), command).toContain(name);
          if (command === 'setIncident' && name !== 'customFields') expect(fields.has(name), name).toBe(true);
        }
      }
    }
  });

  it('has texts that name what is there: commands, fields, playbooks, scripts', () => {
    const commands = new Set<string>(COMMANDS.map(({ name }) => name));
    const names = new Set([
      'Verdict',
      ...INCIDENT_FIELDS.map(({ name }) => name),
      ...PLAYBOOKS.map(({ name }) => name),
      ...SCRIPTS.map(({ name }) => name),
    ]);
    const texts = readdirSync(packFolder(), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
    expect(texts.length).toBeGreaterThan(8);
    const all = [
      ...texts.map((path) => [path, read(path)]),
      ...MANUALS.map((path) => [path, readFileSync(join(root, path), 'utf8')]),
    ];
    let seen = 0;
    for (const [path, text] of all as [string, string][]) {
      for (const [, name] of text.matchAll(/[`!]((?:arcanna|verdict)-[a-z-]+)(?=[` ])/g)) {
        expect(commands, `${path}: ${name}`).toContain(name);
        seen += 1;
      }
      for (const [, name] of text.matchAll(/\*{1,2}(Verdict(?: ?[A-Z-][^*\n]*)?)\*{1,2}/g)) expect(names, path).toContain(name);
    }
    expect(seen).toBeGreaterThan(COMMANDS.length);
  });

  it('has a dashboard that asks for fields that are there', () => {
    const { layout } = JSON.parse(read('Dashboards/dashboard-Verdict.json'));
    const widgets = (layout as { widget: { query: string; params: { groupBy?: string[] } } }[]).map(({ widget }) => widget);
    const fields = widgets.flatMap(({ query, params }) => [
      ...[...query.matchAll(/(verdict\w*):/g)].map(([, name]) => name),
      ...(params.groupBy ?? []).filter((name) => name.startsWith('verdict')),
    ]);
    const known = INCIDENT_FIELDS.map(cliName);
    expect(fields.filter((name) => !known.some((one) => one === name))).toEqual([]);
    for (const name of ['verdictdecision', 'verdictbucketstate', 'verdictfeedback', 'verdictdecisionconfidencescore'])
      expect(fields).toContain(name);
  });

  it('has pictures, and a logo of the size that XSOAR wants', () => {
    const logo = readFileSync(join(packFolder(), 'Integrations/Verdict/Verdict_image.png'));
    expect([logo.readUInt32BE(16), logo.readUInt32BE(20)]).toEqual([120, 50]);
    for (const name of ['Triage', 'Close_feedback', 'Retrain', 'Resend_feedback'])
      expect(read(`doc_files/Verdict_-_${name}.svg`)).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });
});

it('the archive is the unified form: code, image and description inside of the yml', () => {
  const files = unzipSync(readFileSync(packArchive()));
  expect(Object.keys(files)).toEqual(Object.keys(files).toSorted());
  const text = (path: string) => Buffer.from(files[path]!).toString('utf8');
  const integration = parse(text('Integrations/integration-Verdict.yml'), { version: '1.1' });
  expect(integration.script.script).toBe(read('Integrations/Verdict/Verdict.js'));
  expect(integration.image).toMatch(/^data:image\/png;base64,iVBOR/);
  expect(integration.detaileddescription).toBe(read('Integrations/Verdict/Verdict_description.md'));
  expect(parse(text('Scripts/script-VerdictCloseFeedback.yml')).script).toBe(
    read('Scripts/VerdictCloseFeedback/VerdictCloseFeedback.js'),
  );
  expect(JSON.parse(text('metadata.json'))).toMatchObject({
    name: 'Verdict',
    currentVersion: JSON.parse(read('pack_metadata.json')).currentVersion,
  });
});

interface Task {
  readonly id?: string;
  readonly taskid?: string;
  readonly type?: string;
  readonly task: { readonly id?: string; readonly script?: string };
  readonly nexttasks?: Readonly<Record<string, readonly string[]>>;
  readonly scriptarguments?: Readonly<Record<string, unknown>>;
}

function bytesBelow(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}
