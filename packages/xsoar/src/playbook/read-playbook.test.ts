import { describe, expect, it } from 'vitest';
import { BadYaml, readSafeYaml } from '../safe-yaml.ts';
import { PlaybookError, readPlaybook } from './read-playbook.ts';
import { draftPlaybook, sentenceOf } from './testing.ts';

describe('hostile YAML', () => {
  const bomb = `a: &a [x,x]\n${['b', 'c', 'd'].map((key, index) => `${key}: &${key} [*${'abc'[index]},*${'abc'[index]}]`).join('\n')}\n`;
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['a bomb of aliases', bomb, /anchor &a/],
    ['an alias', 'a: *b\n', /alias|not plain YAML/],
    ['a tag that makes something', 'a: !!js/function "x"\n', /not plain YAML/],
    ['a tag of its own', 'a: !mine x\n', /not plain YAML/],
    ['a key twice', 'a: 1\na: 2\n', /not plain YAML/],
    ['the prototype', '__proto__: { polluted: true }\n', /__proto__/],
    ['several documents', 'a: 1\n---\nb: 1\n', /several documents/],
    ['nothing', '', /is empty/],
    ['half of something', '{"a": [1, ', /not plain YAML/],
    ['too much nesting', '['.repeat(100_000), /brackets/],
    ['much nesting', `${'['.repeat(200)}${']'.repeat(200)}`, /nested deeper/],
    ['too much text', `a: "${'x'.repeat(4_000_001)}"`, /larger than/],
    ['too many items', `[${'1,'.repeat(450_000)}1]`, /more than 300,000 lines and items/],
  ];
  for (const [what, text, says] of bad) {
    it(`${what} is refused in a sentence`, () => {
      expect(() => readSafeYaml(text)).toThrow(BadYaml);
      expect(() => readSafeYaml(text)).toThrow(says);
    });
  }

  it('leaves no trace on objects', () => {
    expect(() => readSafeYaml('a: { "__proto__": { polluted: true } }')).toThrow(BadYaml);
    expect('polluted' in {}).toBe(false);
    expect(readSafeYaml('constructor: 1\nyes: no\ndate: 2026-01-01\n').data).toEqual({
      constructor: 1,
      yes: 'no',
      date: '2026-01-01',
    });
  });
});

describe('readPlaybook', () => {
  it('reads what XSOAR writes', () => {
    const text = `id: Public
version: -1
name: Public
starttaskid: "0"
tasks:
  "0":
    id: "0"
    taskid: c644af04-2cd7-4462-83e3-5f55bc12aa73
    type: start
    task: {id: c644af04-2cd7-4462-83e3-5f55bc12aa73, version: -1, name: "", iscommand: false, brand: ""}
    nexttasks:
      '#none#': ["4"]
    separatecontext: false
    view: |-
      {"position": {"x": 50, "y": 50}}
  "4":
    id: "4"
    taskid: d750bb71-4ef5-4de1-88ec-02d5035a0177
    type: regular
    task: {id: d750bb71-4ef5-4de1-88ec-02d5035a0177, version: -1, name: Set it, script: Builtin|||setIncident, type: regular, iscommand: true, brand: Builtin}
    scriptarguments:
      addLabels: {}
      severity: {simple: low}
      owner:
        complex:
          root: DBotScore
          filters:
          - - operator: isEqualString
              left: {value: {simple: DBotScore.Score}, iscontext: true}
              right: {value: {simple: "3"}}
              ignorecase: true
          accessor: Indicator
          transformers:
          - operator: uniq
          - operator: join
            args: {separator: {value: {simple: ','}}}
    loop: {iscommand: false, exitCondition: "", wait: 1, max: 100}
    continueonerrortype: ""
inputs:
- key: Ids
  value: {}
  required: true
  description: List of IDs
  playbookInputQuery:
outputs: []
`;
    const playbook = readPlaybook(text, 'p.yml');
    const task = playbook.tasks.get('4')!;
    expect(playbook).toMatchObject({ name: 'Public', startId: '0', inputs: [{ key: 'Ids', value: undefined, required: true }] });
    expect(task.work).toEqual({ kind: 'command', name: 'setIncident', brand: 'Builtin' });
    expect(task.loop).toBeUndefined();
    expect([...task.arguments.keys()]).toEqual(['severity', 'owner']);
    expect(task.arguments.get('owner')).toMatchObject({
      root: 'DBotScore',
      accessor: 'Indicator',
      filters: [[{ operator: 'isEqualString', ignoreCase: true }]],
    });
  });

  it('names file and task of what is wrong', () => {
    const says = (text: string) => sentenceOf(PlaybookError, () => readPlaybook(text, 'p.yml'));
    expect(says('a: [')).toMatch(/^p\.yml, line \d+: the file is not plain YAML/);
    expect(says('name: x')).toBe('p.yml: tasks are missing: a playbook has at least the task that it starts with.');
    expect(says('{"tasks": {"0": {"type": "start"}}}')).toBe('p.yml: starttaskid is missing.');
    expect(says(draftPlaybook({ '0': { type: 'robot', name: 'R' } }))).toMatch(
      /^p\.yml: task "0" \(R\): type is "robot"; the runner knows start/,
    );
    expect(says(draftPlaybook({ '0': { type: 'start', next: ['7'] } }))).toContain(
      'task "0" (Task 0) goes on to task "7", which is not there',
    );
    expect(says(draftPlaybook({ '0': { type: 'start', scriptarguments: ['x'] } }))).toBe(
      'p.yml: task "0" (Task 0): scriptarguments should be a map of keys and values.',
    );
    expect(says(draftPlaybook({ '0': { type: 'start' } }, { starttaskid: '5' }))).toContain(
      'names the task "5", which is not there',
    );
  });
});
