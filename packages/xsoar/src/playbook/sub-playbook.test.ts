import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../context/index.ts';
import { readPlaybook } from './read-playbook.ts';
import { draftPlaybook, runDraft, type TaskDraft, testHost } from './testing.ts';

const start: TaskDraft = { type: 'start', name: '', next: ['1'] };

const child = (more: JsonObject = {}) =>
  readPlaybook(
    draftPlaybook(
      {
        '0': start,
        '1': { script: 'Set', args: { key: 'Child.seen', value: '${inputs.item}', append: 'true' }, next: ['2'] },
        '2': { script: 'Set', args: { key: 'Private', value: '${Parent}' } },
      },
      {
        id: 'Child',
        name: 'Child',
        inputs: [
          { key: 'item', value: {}, required: true, description: '' },
          { key: 'colour', value: { simple: '${incident.name}' }, required: false, description: '' },
        ],
        outputs: [{ contextPath: 'Child.seen', description: '' }],
        ...more,
      },
    ),
    'child.yml',
  );

const parent = (args: TaskDraft['args'], more: JsonObject = {}) =>
  draftPlaybook({ '0': start, '1': { type: 'playbook', name: 'Call', playbook: 'Child', args: args ?? {}, ...more } });

describe('sub-playbooks', () => {
  it('with a context of their own see their inputs only, and give their outputs', async () => {
    const { host } = testHost({ playbooks: [child()] });
    const { context, trace } = await runDraft(parent({ item: 'a' }, { separatecontext: true }), host, {
      context: { Parent: 'p' },
    });
    expect(context).toEqual({ Parent: 'p', Child: { seen: 'a' } });
    expect(trace.tasks[1]!.runs[0]).toMatchObject({
      playbook: 'Child',
      state: 'completed',
      inputs: { item: 'a', colour: 'An alert' },
    });
  });

  it('without one share the context around them', async () => {
    const { host } = testHost({ playbooks: [child()] });
    const { context } = await runDraft(parent({ item: 'a' }), host, { context: { Parent: 'p' } });
    expect(context).toEqual({ Parent: 'p', Private: 'p', Child: { seen: 'a' } });
  });

  it('fail the task where a required input is empty, or where they fail', async () => {
    const { host } = testHost({ playbooks: [child()] });
    expect((await runDraft(parent({}), host)).trace.problem).toContain(
      'the required input item of the playbook "Child" is empty',
    );
    const broken = readPlaybook(
      draftPlaybook(
        { '0': start, '1': { script: 'PrintErrorEntry', name: 'Broken', args: { message: 'no' } } },
        { name: 'Child' },
      ),
      'c',
    );
    const failed = await runDraft(parent({ item: 'a' }), testHost({ playbooks: [broken] }).host);
    expect(failed.trace.problem).toBe('task "1" (Call) failed: in "Child": task "1" (Broken) failed: PrintErrorEntry: no');
  });

  const loop = { iscommand: false, exitCondition: '', wait: 1, max: 100, forEach: true };

  it('go through the items of lists, one round each', async () => {
    const { host, slept } = testHost({ playbooks: [child()] });
    const { context, trace } = await runDraft(
      parent({ item: '${Items}', colour: '${Colours}' }, { loop, separatecontext: true }),
      host,
      { context: { Items: ['a', 'b', 'c'], Colours: ['red', 'green', 'blue'] } },
    );
    expect(context.Child).toEqual({ seen: ['a', 'b', 'c'] });
    expect(trace.tasks[1]!.runs.map(({ inputs }) => inputs)).toEqual([
      { item: 'a', colour: 'red' },
      { item: 'b', colour: 'green' },
      { item: 'c', colour: 'blue' },
    ]);
    expect(trace.tasks[1]!.output).toBe('3 rounds');
    expect(slept).toEqual([]);
  });

  it('give an input as long as it lasts: to the end of the longest list, a single one in the first round', async () => {
    const three = ['x', 'y', 'z'].map((key) => ({ key, value: {}, required: key !== 'z', description: '' }));
    const { host } = testHost({ playbooks: [child({ inputs: three })] });
    // The example of XSOAR's page "Configure a Sub-Playbook Loop".
    const { trace } = await runDraft(parent({ x: '1,2,3,4', y: '${Letters}', z: '9' }, { loop }), host, {
      context: { Letters: ['a', 'b'] },
    });
    expect(trace.tasks[1]!.runs.map(({ inputs }) => inputs)).toEqual([
      { x: '1', y: 'a', z: '9' },
      { x: '2', y: 'b' },
      { x: '3' },
      { x: '4' },
    ]);
    expect(trace.tasks[1]!.output).toBe('4 rounds; y ends after 2, z after 1');
  });

  it('take text with commas for a list only where it stands in the task, and keep their own defaults in each round', async () => {
    const { host } = testHost({ playbooks: [child()] });
    const { trace } = await runDraft(parent({ item: '${Subjects}' }, { loop }), host, {
      context: { Subjects: ['Hello, you', 'b'] },
    });
    expect(trace.tasks[1]!.runs.map(({ inputs }) => inputs)).toEqual([
      { item: 'Hello, you', colour: 'An alert' },
      { item: 'b', colour: 'An alert' },
    ]);
    const one = await runDraft(parent({ item: '${Subject}' }, { loop }), host, { context: { Subject: 'Hello, you' } });
    expect(one.trace.tasks[1]!.runs.map(({ inputs }) => inputs.item)).toEqual(['Hello, you']);
  });

  it('give what is inside of an output with that output, once', async () => {
    const files = readPlaybook(
      draftPlaybook(
        { '0': start, '1': { script: 'Set', args: { key: 'File', value: '{"id": "${inputs.item}", "of": "${inputs.item}"}' } } },
        {
          name: 'Child',
          inputs: [{ key: 'item', value: {}, required: true, description: '' }],
          outputs: ['File.id', 'File', 'File.of'].map((contextPath) => ({ contextPath, description: '' })),
        },
      ),
      'c',
    );
    const { context } = await runDraft(
      parent({ item: '${Items}' }, { loop, separatecontext: true }),
      testHost({ playbooks: [files] }).host,
      { context: { Items: ['a', 'b', 'c'] } },
    );
    expect(context.File).toEqual(['a', 'b', 'c'].map((id) => ({ id, of: id })));
  });

  it('repeat until their exit condition holds, or the most rounds are over', async () => {
    const counts = readPlaybook(
      draftPlaybook(
        { '0': start, '1': { command: 'count' } },
        { name: 'Child', outputs: [{ contextPath: 'N', description: '' }] },
      ),
      'c',
    );
    const loop = (value: string) => ({
      exitCondition: '',
      wait: 0,
      max: 4,
      builtincondition: [
        [
          {
            operator: 'greaterThanOrEqual',
            left: { value: { simple: 'Now.n' }, iscontext: true },
            right: { value: { simple: value } },
          },
        ],
      ],
    });
    const host = () =>
      testHost({ playbooks: [counts], commands: { count: (_call, times) => ({ 'Now(val.k == obj.k)': { k: 1, n: times } }) } });
    const three = host();
    expect((await runDraft(parent({}, { loop: loop('3') }), three.host)).trace.tasks[1]).toMatchObject({
      output: '3 rounds',
      state: 'done',
    });
    expect(three.calls).toHaveLength(3);
    const four = host();
    expect((await runDraft(parent({}, { loop: loop('9') }), four.host)).trace.tasks[1]!.output).toContain(
      '4 rounds, which is the most',
    );
  });

  it('that call themselves are stopped', async () => {
    const endless = readPlaybook(
      draftPlaybook({ '0': start, '1': { type: 'playbook', playbook: 'Child' } }, { name: 'Child' }),
      'c',
    );
    const { trace } = await runDraft(parent({}), testHost({ playbooks: [endless] }).host);
    expect(trace.problem).toContain('playbooks call each other more than 20 deep');
  });
});

describe('GenericPolling', () => {
  const args = {
    Ids: '${Job.id}',
    PollingCommandName: 'status',
    PollingCommandArgName: 'id',
    AdditionalPollingCommandArgNames: 'colour',
    AdditionalPollingCommandArgValues: 'red',
    Interval: '1',
    Timeout: '5',
    dt: "Job(val.status === 'pending').id",
  };
  const text = (more: JsonObject = {}) =>
    draftPlaybook({
      '0': start,
      '1': { type: 'playbook', name: 'Wait', playbook: 'GenericPolling', args: { ...args, ...more }, separatecontext: true },
    });
  const host = (ready: (id: string, times: number) => boolean) =>
    testHost({
      commands: {
        status: ({ args: { id } }, times) => ({
          'Job(val.id == obj.id)': String(id)
            .split(',')
            .map((one) => ({ id: one, status: ready(one, times) ? 'done' : 'pending' })),
        }),
      },
    });

  it('asks for what is pending only, at each interval, until nothing is', async () => {
    const { host: it1, calls, slept } = host((id, times) => id === 'a' || times >= 3);
    const { trace, context } = await runDraft(text(), it1, { context: { Job: [{ id: 'a' }, { id: 'b' }] } });
    expect(calls.map(({ args: given }) => given)).toEqual([
      { id: 'a,b', colour: 'red' },
      { id: 'b', colour: 'red' },
      { id: 'b', colour: 'red' },
    ]);
    expect(slept).toEqual([60_000, 60_000]);
    expect(trace.tasks[1]).toMatchObject({ state: 'done', output: 'Nothing is pending after 3 rounds.' });
    // What the command says stays in the context of the polling.
    expect(context).toEqual({ Job: [{ id: 'a' }, { id: 'b' }] });
  });

  it('gives up when its time is over, and the playbook goes on', async () => {
    const { host: it1, slept } = host(() => false);
    const { trace } = await runDraft(text(), it1, { context: { Job: { id: 'a' } } });
    expect(trace).toMatchObject({ state: 'completed' });
    expect(trace.tasks[1]!.output).toBe('Timed out after 6 rounds; still pending: a.');
    expect(slept).toHaveLength(5);
  });

  it('says which input is missing or makes no sense', async () => {
    const problem = async (more: JsonObject) =>
      (await runDraft(text(more), host(() => true).host, { context: { Job: { id: 'a' } } })).trace.problem;
    expect(await problem({ Ids: '${None}' })).toContain('the input Ids of GenericPolling is empty');
    expect(await problem({ Interval: '0' })).toContain('must be more than 0 minutes');
    expect(await problem({ dt: '${None}' })).toContain('the input dt of GenericPolling is empty');
  });
});
