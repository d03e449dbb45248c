import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Running } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../pack/commands.ts';
import type { ScriptThread } from './testing/scripts.ts';
import { OPERATOR, type ServedScripts, serveScripts } from './testing/service.ts';

const EVENT = 'Arcanna.Event(!val.event_id || val.event_id === obj.event_id)';
/** What commands were run, and the paths that they put into the context. */
const RUN = new Map<string, Set<string>>();

let served: ServedScripts;
let running: Running;
let key: string;
let xsoar: ScriptThread;
let instance: ServedScripts['instance'];
let newJob: ServedScripts['newJob'];

beforeAll(async () => {
  served = await serveScripts();
  ({ running, key, xsoar, instance, newJob } = served);
});

afterAll(() => served.close());

const run: ScriptThread['entry'] = async (command, args, more) => {
  const entry = await xsoar.entry(command, args, more);
  const given = RUN.get(command) ?? new Set();
  RUN.set(command, given);
  for (const [key, value] of Object.entries(entry.EntryContext ?? {})) {
    const path = key.replace(/\(.*$/s, '');
    for (const one of [value].flat())
      for (const name of typeof one === 'object' && one !== null ? Object.keys(one) : [''])
        given.add(name === '' ? path : `${path}.${name}`);
  }
  return entry;
};
const refused = async (command: string, args: Record<string, unknown>, params = instance()) => {
  const { thrown } = await xsoar.run({ command, args, params });
  expect(thrown).toBeTypeOf('string');
  return thrown;
};

describe('the button Test', () => {
  it('says ok, also with the key of older instances, with and without a default job', async () => {
    const jobId = await newJob('Tested');
    for (const params of [
      instance(),
      instance({ credentials: undefined, apikey: key }),
      instance({ default_job_id: String(jobId) }),
    ])
      expect((await xsoar.run({ command: 'test-module', params })).result).toBe('ok');
  });

  it('tells host, key, address and mapping apart', async () => {
    const jobId = await newJob('Tested too');
    expect(await refused('test-module', {}, instance({ url: 'http://127.0.0.1:1' }))).toMatch(
      /^http:\/\/127\.0\.0\.1:1 cannot be reached \(.*\): check the server URL/,
    );
    expect(await refused('test-module', {}, instance({ credentials: { password: 'nonsense' } }))).toMatch(
      /^The API key is refused\. /,
    );
    expect(await refused('test-module', {}, instance({ credentials: {} }))).toMatch(/^The instance has no API key/);
    expect(await refused('test-module', {}, instance({ url: 'verdict' }))).toMatch(/^The server URL must be like http/);
    expect(await refused('test-module', {}, instance({ default_job_id: '999999' }))).toMatch(/999999/);
    expect(
      await refused(
        'test-module',
        {},
        instance({ default_job_id: String(jobId), close_reason_mapping: '{"Resolved":"Benign"}' }),
      ),
    ).toMatch(
      /“Resolved” is mapped to “Benign”, which is not a label of the AI use case \d+: map it to one of Escalate, Drop, Investigate/,
    );
    const numbered = instance({ default_job_id: String(jobId), close_reason_mapping: 'Resolved=class_0\nOther=class_7' });
    expect(await refused('test-module', {}, numbered)).toMatch(/“Other” is mapped to “class_7”, which is not a label/);
    const other = createServer((_, response) => response.end('<html>a proxy</html>')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await refused('test-module', {}, instance({ url }))).toBe(
      `What answers at ${url} is not Verdict: check the server URL.`,
    );
    other.close();
  });
});

describe('the eight steps', () => {
  let jobId: number;
  beforeAll(async () => {
    jobId = await newJob('Endpoint alerts');
  });

  it('lists the jobs', async () => {
    const { EntryContext, HumanReadable } = await run('arcanna-get-jobs', {});
    expect(EntryContext['Arcanna.Jobs(val.job_id && val.job_id === obj.job_id)']).toContainEqual(
      expect.objectContaining({
        job_id: jobId,
        title: 'Endpoint alerts',
        data_type: '',
        status: 'ENABLED',
        last_processed_timestamp: null,
      }),
    );
    expect(HumanReadable).toMatch(/^### Arcanna Jobs\n\| job_id \| title \| data_type \| status \|\n/);
  });

  it('sends an event, keeps its numbers, and has no decision before training', async () => {
    const event_json = '{"rule":{"name":"scan"},"user":"ann","n":9223372036854775807}';
    const sent = await run('arcanna-send-event', {
      event_json,
      title: 'Scan',
      job_id: String(jobId),
      severity: '3',
      id_value: 'a:b@c',
    });
    expect(sent.EntryContext[EVENT]).toMatchObject({
      event_id: 'a:b@c',
      job_id: jobId,
      status: 'pending_inference',
      error_message: '',
    });
    const exported = await fetch(`${running.url}/api/v1/events/${jobId}/a:b@c/export`, { headers: { 'x-arcanna-api-key': key } });
    expect(await exported.text()).toContain('9223372036854775807');
    const { EntryContext, HumanReadable } = await run('arcanna-get-event-status', { event_id: ['a:b@c'], job_id: jobId });
    expect(EntryContext[EVENT]).toMatchObject({
      event_id: 'a:b@c',
      job_id: jobId,
      status: 'OK',
      result: 'no_decision',
      result_label: null,
      automation: 'ask',
    });
    expect(HumanReadable).toContain('### Arcanna Event Status');
  });

  it('takes an object as event, and the default job of the instance, or the one set since', async () => {
    const params = instance({ default_job_id: String(jobId) });
    const sent = await run('arcanna-send-event', { event_json: { rule: { name: 'object' } }, title: 'O' }, { params });
    expect(sent.EntryContext[EVENT]).toMatchObject({ job_id: jobId });
    expect(await refused('arcanna-send-event', { event_json: '{}', title: 'O' })).toMatch(
      /^job_id is empty and the instance has no default/,
    );
    expect((await run('arcanna-get-default-job-id', {})).EntryContext).toEqual({ 'Arcanna.Default_Job_Id(true)': '' });
    expect((await run('arcanna-set-default-job-id', { job_id: jobId })).EntryContext).toEqual({
      'Arcanna.Default_Job_Id(true)': String(jobId),
    });
    expect((await run('arcanna-get-default-job-id', {})).EntryContext).toEqual({ 'Arcanna.Default_Job_Id(true)': String(jobId) });
    expect((await run('arcanna-send-event', { event_json: '{"a":1}', title: 'O' })).EntryContext[EVENT]).toMatchObject({
      job_id: jobId,
    });
  });

  it('refuses what is no alert, no label, no number, with nothing sent', async () => {
    expect(await refused('arcanna-send-event', { event_json: '[1]', title: 'x', job_id: jobId })).toMatch(
      /^event_json must be a JSON object/,
    );
    expect(await refused('arcanna-send-event', { event_json: '{}', title: '', job_id: jobId })).toBe('title is empty: give it.');
    expect(await refused('arcanna-send-event', { event_json: '{}', title: 'x', severity: 'high', job_id: jobId })).toMatch(
      /^severity must be a number/,
    );
    expect(await refused('arcanna-get-event-status', { event_id: 'a', job_id: 'x' })).toMatch(/^job_id must be a whole number/);
    const vote = { event_id: 'a:b@c', username: 'ana', job_id: jobId };
    expect(await refused('arcanna-send-event-feedback', { ...vote, feedback: 'Benign' })).toBe(
      `“Benign” is not a label of the AI use case ${jobId}: give one of Escalate, Drop, Investigate. Nothing was sent.`,
    );
    expect(await refused('arcanna-send-event-feedback', { ...vote, feedback: 'Drop', decision_set: 'Yes, No' })).toMatch(
      /give one of Yes, No/,
    );
    expect(await refused('arcanna-send-event-feedback', { ...vote, feedback: 'class_99' })).toMatch(
      /“class_99” is not a label .* give one of Escalate, Drop, Investigate\. Nothing was sent\./,
    );
    expect(await refused('arcanna-send-event-feedback', vote)).toBe('feedback is empty: give the label. Nothing was sent.');
    expect(await refused('arcanna-get-event-status', { event_id: 'nowhere', job_id: jobId })).toMatch(/nowhere/);
    expect(await refused('nonsense', {})).toBe('The integration Verdict has no command nonsense.');
  });

  it('asks for the labels, sends feedback in the old and the new form, and trains only when there is enough', async () => {
    const set = await run('arcanna-get-decision-set', { job_id: jobId });
    expect(set.EntryContext).toEqual({
      'Arcanna.Event(!val.event_id || val.job_id === obj.job_id)': {
        job_id: jobId,
        decision_set: ['Escalate', 'Drop', 'Investigate'],
      },
    });
    const early = await run('arcanna-trigger-train', { job_id: jobId, username: 'ana' });
    expect(early.EntryContext['Arcanna.Train(val.job_id && val.job_id === obj.job_id)']).toMatchObject({
      job_id: jobId,
      status: 'ERROR',
      error_message: expect.stringContaining('label'),
    });
    expect(early.HumanReadable).toMatch(/^\*\*The training did not start\.\*\* /);
    const drops = ['scan', 'update', 'backup', 'print'];
    for (const rule of [...drops, 'beacon', 'dump', 'lateral', 'ransom']) {
      for (const user of ['ann', 'ben']) {
        const id = `${rule}-${user}`;
        await run('arcanna-send-event', { event_json: { rule: { name: rule }, user }, title: rule, id_value: id, job_id: jobId });
        const label = drops.includes(rule) ? 'drop_alert' : 'ESCALATE';
        const form =
          user === 'ann' ? { feedback: label, label: 'Investigate' } : { label, closing_notes: 'as ever', indicators: '[]' };
        const voted = await run('arcanna-send-event-feedback', { event_id: id, job_id: jobId, username: 'ana', ...form });
        expect(voted.EntryContext[EVENT]).toEqual({ event_id: id, job_id: jobId, status: 'updated', feedback_status: 'updated' });
      }
    }
    const train = await run('arcanna-trigger-train', { job_id: jobId, username: 'ana' });
    expect(train.EntryContext['Arcanna.Train(val.job_id && val.job_id === obj.job_id)']).toEqual({
      job_id: jobId,
      status: 'OK',
      error_message: '',
    });
    const job = async () =>
      (await run('verdict-get-health', { job_id: jobId })).EntryContext['Verdict.Job(val.job_id && val.job_id === obj.job_id)'];
    await expect.poll(job).toMatchObject({ retrain_state: 'RETRAIN_FINISHED' });
  });

  it('decides an alert it has not seen, at once or in one task, exports and explains it', async () => {
    const alert = { rule: { name: 'scan' }, user: 'cleo' };
    const decided = { status: 'OK', result: 'class_1', result_label: 'Drop', error_message: null, is_duplicated: false };
    await run('arcanna-send-event', { event_json: alert, title: 'New', id_value: 'new-1', job_id: jobId });
    const status = await run('arcanna-get-event-status', { event_id: 'new-1', job_id: jobId, polling: 'true' });
    expect(status).not.toHaveProperty('PollingCommand');
    expect(status.EntryContext[EVENT]).toMatchObject({
      ...decided,
      confidence_score: expect.any(Number),
      bucket_state: 'new',
      outlier: false,
    });
    const asked = await run('verdict-get-decision', {
      event_json: JSON.stringify(alert),
      title: 'New',
      id_value: 'new-2',
      job_id: jobId,
    });
    expect(asked.EntryContext[EVENT]).toMatchObject({ ...decided, event_id: 'new-2', job_id: jobId, is_duplicated: true });
    const exported = await run('arcanna-export-event', { event_id: 'new-1', job_id: jobId });
    expect(exported.EntryContext[EVENT]).toMatchObject({
      event_id: 'new-1',
      arcanna_event: { ...alert, arcanna: { result_label: 'Drop' } },
    });
    const explained = await run('verdict-explain', { event_id: 'new-1', job_id: jobId });
    expect(explained.HumanReadable).toMatch(/^### Event new\\?-1: Drop \(confidence [\d.]+ %\)\n- /);
    expect(explained.HumanReadable).toContain('| label | similarity | agree | differ |');
    expect(explained.EntryContext['Verdict.Explanation(val.event_id && val.event_id === obj.event_id)']).toMatchObject({
      event_id: 'new-1',
      nearest: expect.any(Array),
    });
  });

  it('sends many at once; only what a person closed with a mapped reason is labelled', async () => {
    const events = [
      { title: 'plain', raw_body: { user: 'a' }, event_id: 'bulk-1' },
      {
        id: 'inc-1',
        name: 'closed',
        severity: 2,
        rawJSON: '{"user":"b","n":1e400}',
        closeReason: 'false positive',
        closingUserId: 'ana',
      },
      { id: 'inc-2', name: 'by a playbook', rawJSON: '{"user":"c"}', closeReason: 'False Positive' },
      { id: 'inc-3', name: 'duplicate', rawJSON: '{"user":"d"}', closeReason: 'Duplicate', closingUserId: 'ana' },
      { id: 'inc-5', name: 'as others write it', user: 'f', closeReason: 'False Positive', ClosingUserId: 'ana' },
      { id: 'inc-4', name: 'by the machine', user: 'e', closeReason: 'False Positive', closeNotes: 'x', closingUserId: 'DBot' },
    ];
    const { EntryContext } = await run('arcanna-send-bulk-events', { job_id: jobId, events: JSON.stringify(events) });
    const bulk = EntryContext['Arcanna.Bulk(val.job_id && val.job_id === obj.job_id)'] as {
      status: string;
      results: { event_id: string }[];
    };
    expect(bulk.status).toBe('ok');
    expect(bulk.results.map(({ event_id }) => event_id)).toEqual(['bulk-1', 'inc-1', 'inc-2', 'inc-3', 'inc-5', 'inc-4']);
    const consensus = async (event_id: string) => {
      const { EntryContext: exported } = await xsoar.entry('arcanna-export-event', { job_id: jobId, event_id });
      return (exported[EVENT] as { arcanna_event: { arcanna: { consensus: string | null } } }).arcanna_event.arcanna.consensus;
    };
    const agreed: (string | null)[] = [];
    for (const { event_id } of bulk.results) agreed.push(await consensus(event_id));
    expect(agreed).toEqual([null, 'class_1', null, null, 'class_1', null]);
    // How it ended is no part of the alert.
    const { EntryContext: sent } = await xsoar.entry('arcanna-export-event', { job_id: jobId, event_id: 'inc-4' });
    expect(JSON.stringify(sent)).toContain('by the machine');
    expect(JSON.stringify(sent)).not.toMatch(/closeReason|closeNotes|closingUserId|DBot/);
    // The field that the instance names goes before the close reason, and is no part of the alert either.
    const CustomFields = { ruling: 'Resolved', verdictfeedback: 'Escalate', site: 'north' };
    const ruled = [{ id: 'inc-6', name: 'ruled', user: 'g', closeReason: 'False Positive', closingUserId: 'ana', CustomFields }];
    const params = instance({ closing_reason_field: 'ruling' });
    await xsoar.entry('arcanna-send-bulk-events', { job_id: jobId, events: JSON.stringify(ruled) }, { params });
    expect(await consensus('inc-6')).toBe('class_0');
    const { EntryContext: other } = await xsoar.entry('arcanna-export-event', { job_id: jobId, event_id: 'inc-6' });
    expect(JSON.stringify(other)).toContain('north');
    expect(JSON.stringify(other)).not.toMatch(/ruling|verdictfeedback|Resolved/);
    expect(await refused('arcanna-send-bulk-events', { job_id: jobId, events: 'x,y' })).toMatch(/^events 1 is not an object/);
  });

  it('names the field and the label of a close reason', async () => {
    expect((await run('arcanna-get-feedback-field', {})).EntryContext).toEqual({ 'Arcanna.FeedbackField(true)': 'closeReason' });
    const mapped = await run('verdict-map-close-reason', { close_reason: ' resolved ' });
    expect(mapped.EntryContext).toEqual({ 'Verdict.CloseReason(true)': { reason: 'resolved', label: 'Escalate', mapped: true } });
    const other = await run('verdict-map-close-reason', { close_reason: 'Other' });
    expect(other.EntryContext).toEqual({ 'Verdict.CloseReason(true)': { reason: 'Other', label: '', mapped: false } });
  });

  it('says what a stopped job says', async () => {
    const stopped = await newJob('Stopped');
    await running.services.jobs.stop(stopped, OPERATOR);
    expect(await refused('arcanna-send-event', { event_json: '{}', title: 'x', job_id: stopped })).toMatch(/stopped|start/i);
  });

  it('puts into the context what the table says, and nothing else', () => {
    for (const { name, outputs } of COMMANDS) {
      const described = outputs.map(({ path }) => path);
      const put = [...(RUN.get(name) ?? [])];
      expect([name, put.filter((path) => !described.some((one) => one === path))]).toEqual([name, []]);
      expect([name, described.filter((one) => !put.includes(one))]).toEqual([name, []]);
    }
  });

  it('has run every command of the table', () => {
    expect([...RUN.keys()].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });
});
