import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, harness, type RunOf } from './testing/scripts.ts';

/** Called `duk` in Debian’s package duktape. */
const DUKTAPE = process.env.DUKTAPE ?? 'duk';
const isThere = spawnSync(DUKTAPE, ['-e', ''], { stdio: 'ignore' }).status === 0;
if (!isThere) {
  console.warn(
    'Tests of the pack’s scripts in a real ES5 engine are skipped, because duktape is not there: apt-get install -y duktape, or set DUKTAPE to its program.',
  );
}

interface Called {
  readonly key: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Runs a script of the pack in duktape, against canned answers. */
function inDuktape(run: RunOf): Ended & { readonly calls: readonly Called[] } {
  const folder = mkdtempSync(join(tmpdir(), 'duktape-'));
  try {
    const file = join(folder, 'run.js');
    const text = `${harness()}
var run = ${JSON.stringify({ params: PARAMS, canned: {}, ...run }).replaceAll('\u2028', '\\u2028')};
var calls = [];
var ended = runOne(run, cannedHttp(run.canned, calls));
ended.calls = calls;
print(JSON.stringify(ended));`;
    writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync(DUKTAPE, [file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`duktape: ${stderr}${stdout}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PARAMS = {
  url: 'https://verdict.example.com:9666/',
  credentials: { password: 'secret' },
  default_job_id: '1201',
  close_reason_mapping: '"False Positive"="drop_alert", "Resolved"="Escalate"',
};
const KEY = 'Arcanna.Event(!val.event_id || val.event_id === obj.event_id)';
const json = (body: unknown, StatusCode = 200, Headers = {}) => ({
  StatusCode,
  Status: 'x',
  Body: JSON.stringify(body),
  Headers,
});
const labels = {
  'GET /api/v1/jobs/1201/labels': [json(['Escalate', 'Drop'])],
  'GET /api/v1/jobs/1201/labels?as=class_ids': [json(['class_0', 'class_3'])],
};
const PENDING = { event_id: '7', status: 'pending_inference', result: null };
const DECIDED = { event_id: '7', status: 'OK', result: 'class_1', result_label: 'Drop', reasons: ['rule is "x|y" <b>'] };

describe.skipIf(!isThere)('the scripts in duktape, which knows ES5.1 only', () => {
  it('say what is wrong with the instance: host, certificate, key', () => {
    const health = (answer: object) =>
      inDuktape({ command: 'test-module', canned: { 'GET /api/v1/health/': [answer], ...labels } });
    expect(health(json({ status: true, connected: true })).result).toBe('ok');
    expect(health({ error: 'dial tcp: lookup verdict.example.com: no such host' }).thrown).toMatch(
      /cannot be reached \(dial tcp: .*\)/,
    );
    expect(health({ StatusCode: -1, Status: 'context deadline exceeded' }).thrown).toMatch(
      /cannot be reached \(context deadline/,
    );
    expect(health({ error: 'x509: certificate signed by unknown authority' }).thrown).toMatch(
      /^The certificate of .* is not trusted \(x509/,
    );
    // What Go says where a server speaks HTTP only; the second would pass for a certificate.
    for (const said of [
      'http: server gave HTTP response to HTTPS client',
      'tls: first record does not look like a TLS handshake',
    ])
      expect(health({ error: said }).thrown).toMatch(/^http.* speaks HTTP without TLS \(.*\): begin the server URL with http:/);
    const plain = { url: 'http://verdict.example.com:9666', apikey: 'secret' };
    expect(
      inDuktape({ command: 'test-module', params: plain, canned: { 'GET /api/v1/health/': [{ error: 'EOF' }] } }).thrown,
    ).toMatch(/Where Verdict speaks TLS, the URL begins with https:/);
    expect(health(json({ status: false, connected: false, detail: 'This key is not known.' }, 401)).thrown).toBe(
      'The API key is refused. This key is not known.',
    );
    expect(health(json({}, 502)).thrown).toMatch(/answered with status 502 and without a reason/);
    expect(health({ StatusCode: 200, Body: '<html>' }).thrown).toMatch(/is not Verdict/);
  });

  it('send the key, the id in the path and the alert as it came', () => {
    const { calls, result } = inDuktape({
      command: 'arcanna-send-event',
      args: { event_json: ' {"n": 1e400, "t": "é\u2028"}', title: 'A "title"', severity: '2.5', id_value: 'a/b' },
      canned: { 'POST /api/v1/events/a%2Fb': [json({ event_id: 'a/b', status: 'pending_inference' }, 201)] },
    });
    expect(calls).toEqual([
      {
        key: 'POST /api/v1/events/a%2Fb',
        body: '{"job_id":1201,"title":"A \\"title\\"","severity":2.5,"raw_body": {"n": 1e400, "t": "é\u2028"}}',
        headers: { 'x-arcanna-api-key': ['secret'], Accept: ['application/json'], 'Content-Type': ['application/json'] },
      },
    ]);
    expect(result).toMatchObject({ EntryContext: { [KEY]: { event_id: 'a/b', job_id: 1201 } } });
  });

  it('let the platform come back for a decision, with the time that is left, and give up by themselves', () => {
    const status = (args: object, version?: string) =>
      inDuktape({
        command: 'arcanna-get-event-status',
        args: { event_id: '7', polling: 'true', ...args },
        canned: { 'GET /api/v1/events/1201/7': [json(PENDING)] },
        ...(version === undefined ? {} : { version }),
      }).result;
    const first = { interval: '10', timeout: '25' };
    expect(status(first)).toMatchObject({
      PollingCommand: 'arcanna-get-event-status',
      NextRun: '10',
      PollingArgs: { event_id: '7', job_id: '1201', polling: 'true', interval: '10', timeout: '15' },
    });
    expect(status({ interval: '10', timeout: '5' })).toMatchObject({ PollingArgs: { timeout: '0' } });
    expect(status({ interval: '10', timeout: '0' })).not.toHaveProperty('PollingCommand');
    expect(status(first, '6.1.0')).not.toHaveProperty('PollingCommand');
    expect(status({ interval: '0' })).toBeUndefined();
  });

  it('wait for a decision themselves where the platform cannot come back', () => {
    const run = (version: string) =>
      inDuktape({
        command: 'verdict-get-decision',
        args: { event_json: '{}', title: 'x', interval: '5' },
        canned: {
          'POST /api/v1/events/?wait_ms=5000': [json(PENDING, 201)],
          'GET /api/v1/events/1201/7': [json(PENDING), json(DECIDED)],
        },
        version,
      });
    const old = run('5.5.0');
    expect(old.waited).toBe(10);
    expect(old.result).toMatchObject({ EntryContext: { [KEY]: { result_label: 'Drop', job_id: 1201 } } });
    expect(JSON.stringify(old.result)).toContain('- rule is \\"x\\\\|y\\" \\\\<b\\\\>');
    expect(run('6.9.0').result).toMatchObject({ PollingCommand: 'arcanna-get-event-status' });
  });

  it('try again what the server asks to repeat, not for ever', () => {
    const busy = (seconds: string) => json({ detail: 'Too many.' }, 429, { 'Retry-After': [seconds] });
    const run = (answers: object[]) =>
      inDuktape({ command: 'arcanna-get-decision-set', args: {}, canned: { 'GET /api/v1/jobs/1201/labels': answers } });
    expect(run([busy('2'), json(['A'])])).toMatchObject({ waited: 2, result: { Contents: { decision_set: ['A'] } } });
    expect(run([busy('1')])).toMatchObject({ waited: 2, thrown: 'Too many.' });
    expect(run([busy('3600')])).toMatchObject({ waited: 0, thrown: 'Too many.' });
  });

  it('send feedback, trainings, bulks and explanations', () => {
    const feedback = inDuktape({
      command: 'arcanna-send-event-feedback',
      args: { event_id: '7', username: 'ana', feedback: '', label: 'class_3', indicators: '[{"type":"ip"}]' },
      canned: { ...labels, 'PUT /api/v1/events/1201/7/feedback': [json({ status: 'updated' })] },
    });
    expect(feedback.calls.at(-1)!.body).toBe('{"feedback":"class_3","cortex_user":"ana","indicators":[{"type":"ip"}]}');
    const train = inDuktape({
      command: 'arcanna-trigger-train',
      args: { username: 'a b' },
      canned: { 'POST /api/v1/jobs/1201/train?username=a%20b': [json({ status: 'ERROR', error_message: 'Too few labels.' })] },
    });
    expect(train.result).toMatchObject({ Contents: { status: 'ERROR', error_message: 'Too few labels.' } });
    const bulk = inDuktape({
      command: 'arcanna-send-bulk-events',
      args: { job_id: '1201', events: [{ raw_body: { a: 1 }, label: 'Drop', username: 'ana' }] },
      canned: { 'POST /api/v1/bulk/1201': [json({ status: 'ok', results: [] }, 201)] },
    });
    expect(bulk.calls[0]!.body).toBe(
      '{"count":1,"events":[{"job_id":1201,"title":"events 1","label":{"feedback":"Drop","cortex_user":"ana"},"raw_body":{"a":1}}]}',
    );
    const explained = inDuktape({
      command: 'verdict-explain',
      args: { event_id: '7' },
      canned: {
        'GET /api/v1/events/1201/7/explanation': [
          json({
            ...DECIDED,
            nearest: [{ label: 'Drop', votes: { Drop: 2 }, differ: [{ decision_point: 'os', here: null, there: 'x' }] }],
          }),
        ],
      },
    });
    expect(JSON.stringify(explained.result)).toContain('os: nothing, there');
  });

  it.each([
    ['class_3', '', true],
    ['CLASS_0', '', true],
    ['class_1', '', false],
    ['class_99', '', false],
    ['class_3', 'Drop', true],
    ['class_0', 'Drop', false],
    ['class_99', 'Drop', false],
    ['class_99', 'Drop,class_99', true],
  ])('send feedback %s of the set “%s” only where it is a label: %s', (label, decision_set, sends) => {
    const put = 'PUT /api/v1/events/1201/7/feedback';
    const vote = (canned: NonNullable<RunOf['canned']>) =>
      inDuktape({
        command: 'arcanna-send-event-feedback',
        args: { event_id: '7', username: 'ana', feedback: label, decision_set },
        canned: { ...canned, [put]: [json({ status: 'updated' })] },
      });
    const { calls, thrown } = vote(labels);
    expect(calls.some(({ key }) => key === put)).toBe(sends);
    const wanted = decision_set || 'Escalate, Drop';
    expect(thrown).toBe(
      sends ? undefined : `“${label}” is not a label of the AI use case 1201: give one of ${wanted}. Nothing was sent.`,
    );
    // A service that does not know how to list class ids lists the names, and judges for itself.
    const names = [json(['Escalate', 'Drop'])];
    const older = { 'GET /api/v1/jobs/1201/labels': names, 'GET /api/v1/jobs/1201/labels?as=class_ids': names };
    expect(vote(older).calls.some(({ key }) => key === put)).toBe(true);
  });

  it('keep a default job, list jobs, export, and tell of health and fields', () => {
    const canned = {
      'GET /api/v1/jobs/': [json([{ job_id: 1201 }])],
      'GET /api/v1/jobs/1201': [json({ job_id: 1201, retrain_state: null })],
      'GET /api/v1/health/': [json({ connected: true })],
      'GET /api/v1/events/1201/7/export': [json({ event_id: '7', arcanna_event: { a: 1 } })],
    };
    const contents = (command: string, args: object = {}) => inDuktape({ command, args: { ...args }, canned }).result;
    expect(contents('arcanna-get-jobs')).toMatchObject({ Contents: [{ job_id: 1201 }] });
    expect(contents('arcanna-set-default-job-id', { job_id: 7 })).toMatchObject({ Contents: { default_job_id: '7' } });
    expect(contents('arcanna-get-default-job-id')).toMatchObject({ Contents: { default_job_id: '1201' } });
    expect(contents('verdict-get-health', { job_id: 1201 })).toMatchObject({
      Contents: { health: { connected: true, jobs: 1 }, job: { job_id: 1201 } },
    });
    expect(contents('arcanna-export-event', { event_id: '7' })).toMatchObject({ Contents: { arcanna_event: { a: 1 } } });
    expect(contents('arcanna-get-feedback-field')).toMatchObject({ Contents: { feedback_field: 'closeReason' } });
  });

  it('close and resend', () => {
    const canned = { ...labels, 'PUT /api/v1/events/1201/7/feedback': [json({ status: 'updated' })] };
    const incident = {
      id: '1',
      closingUserId: 'ana',
      closeReason: 'False Positive',
      CustomFields: { verdicteventid: '7', verdictfeedback: 'not sent: x' },
    };
    const closed = inDuktape({ script: 'VerdictCloseFeedback', incident, canned });
    expect(closed.noted).toEqual([{ verdictfeedback: 'drop_alert', verdictfeedbackuser: 'ana' }]);
    const resent = inDuktape({ script: 'VerdictResendFeedback', args: { query: 'x' }, found: [incident], canned });
    expect(resent.result).toMatchObject({ Contents: { sent: 1, failed: 0 } });
    expect(inDuktape({ script: 'VerdictResendFeedback', args: { query: 'x' } }).result).toMatchObject({
      Contents: { sent: 0, failed: 0 },
    });
  });
});
