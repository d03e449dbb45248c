// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Ran, type Shell } from '../testing.ts';

// Each command runs in a thread of its own.
vi.setConfig({ testTimeout: 180_000 });

const OPERATOR = { principal: { kind: 'operator', name: 'operator' }, address: 'test' } as const;

let shell: Shell;
let running: Running;
let jobId: number;
let keyFile: string;

beforeAll(async () => {
  shell = openShell();
  const config = { ...DEFAULTS, port: 0, dataDir: shell.dataDir, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
  const { integrations, jobs } = running.services;
  const made = await integrations.create({ title: 'XSOAR', type: 'Cortex XSOAR', parameters: {} }, OPERATOR);
  keyFile = write('key', `${made.newKey?.value}\n`);
  const input = { integrationId: made.integration.id, role: 'input', enabled: true, settings: {} } as const;
  const job = await jobs.create({ title: 'Endpoint alerts', points: ['rule.name'], integrations: [input] }, OPERATOR);
  await jobs.start(job.id, OPERATOR);
  jobId = job.id;
});

afterAll(async () => {
  await running.stop();
  shell.remove();
});

function write(name: string, text: string): string {
  const file = join(shell.folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** A pack whose only integration is written in Python. */
function snake(): string {
  const folder = join(shell.folder, 'snake');
  mkdirSync(join(folder, 'Integrations'), { recursive: true });
  writeFileSync(join(folder, 'Integrations/Snake.yml'), 'name: Snake\nscript: {type: python, script: pass}\n');
  return folder;
}

const instance = (name = 'prod', url = running.url, key = keyFile) => ['--instance', `${name}=${url},${key}`];

const warroom = (
  lines: readonly string[],
  argv: readonly string[] = instance(),
  env: Record<string, string> = {},
): Promise<Ran> => shell.verdict(['warroom', ...argv], { stdin: `${lines.join('\n')}\n`, env });

interface Told {
  readonly command?: string;
  readonly instance?: string;
  readonly entries?: readonly { readonly Contents: unknown; readonly HumanReadable?: string }[];
  readonly error?: string;
  readonly value?: unknown;
  readonly context?: { readonly Arcanna?: Record<string, unknown> };
}

async function told(lines: readonly string[], argv?: readonly string[]): Promise<{ status: number; lines: Told[] }> {
  const ran = await warroom(lines, [...(argv ?? instance()), '--json']);
  return {
    status: ran.status,
    lines: ran.out
      .trim()
      .split('\n')
      .map((line): Told => JSON.parse(line)),
  };
}

describe('what goes wrong', () => {
  it('is a sentence and status 1: a wrong key, an unknown label, a stopped job, a server that is down', async () => {
    const wrong = await warroom(['!test-module'], instance('prod', running.url, write('wrong-key', 'nonsense')));
    expect(wrong).toMatchObject({ status: 1, out: expect.stringContaining('Error: The API key is refused.') });
    await warroom([`!arcanna-send-event job_id=${jobId} title=t event_json={} id_value=w-1`]);
    const label = await warroom([`!arcanna-send-event-feedback event_id=w-1 job_id=${jobId} username=ada label=Nonsense`]);
    expect(label).toMatchObject({ status: 1, out: expect.stringMatching(/Error: .*Escalate, Drop/s) });
    await running.services.jobs.stop(jobId, OPERATOR);
    try {
      const stopped = await warroom([`!arcanna-send-event job_id=${jobId} title=t event_json={} id_value=w-2`]);
      expect(stopped).toMatchObject({ status: 1, out: expect.stringMatching(/Error: .*(stopped|not started|disabled|Start)/s) });
    } finally {
      await running.services.jobs.start(jobId, OPERATOR);
    }
    const down = await warroom(['!test-module'], instance('prod', 'http://127.0.0.1:1'));
    expect(down).toMatchObject({ status: 1, out: expect.stringContaining('http://127.0.0.1:1 cannot be reached') });
  });

  it('tells a server without TLS from one whose certificate is not trusted, and a proxy that is away from the server', async () => {
    const plain = await warroom(['!test-module'], instance('prod', running.url.replace('http:', 'https:')));
    expect(plain).toMatchObject({
      status: 1,
      out: expect.stringMatching(/speaks HTTP without TLS \(.*\): begin the server URL with http:/),
    });
    const env = { HTTP_PROXY: 'http://127.0.0.1:1' };
    const lost = await warroom(['!test-module'], [...instance('prod', running.url), '--proxy'], env);
    expect(lost).toMatchObject({ status: 1, out: expect.stringContaining('the proxy 127.0.0.1:1: nothing listens there') });
  });

  it('tells a certificate that is not trusted from a host that is not there, and takes it where it is told to', async () => {
    const made = await shell.verdict(['tls', 'self-signed', join(shell.folder, 'tls')]);
    expect(made, made.err).toMatchObject({ status: 0 });
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(shell.folder, 'tls', name)));
    const server = createServer({ cert, key }, (asked, answer) => {
      const { method, headers, url } = asked;
      const onward = request(new URL(url!, running.url), { method, headers }, (back) => {
        answer.writeHead(back.statusCode!, back.headers);
        back.pipe(answer);
      });
      asked.pipe(onward);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const there = instance('prod', `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const refused = await warroom(['!test-module'], there);
      expect(refused).toMatchObject({
        status: 1,
        out: expect.stringMatching(/Error: The certificate of https:\S+ is not trusted \(.*\): install it/),
      });
      expect(await warroom(['!test-module'], [...there, '--insecure'])).toMatchObject({
        status: 0,
        out: expect.stringContaining('\nok\n'),
      });
    } finally {
      server.close();
    }
  });

  it('ends a run at the first error, unless it is told to keep going', async () => {
    const file = write('run.txt', '# a comment\n\n!nonsense\n!Print value=on\n!exit\n!Print value=never\n');
    const ended = await shell.verdict(['warroom', ...instance(), '--run', file]);
    expect(ended).toMatchObject({
      status: 1,
      out: 'warroom> !nonsense\nError: There is no command nonsense. !help lists them.\n\n',
    });
    const on = await shell.verdict(['warroom', ...instance(), '--run', file, '--keep-going']);
    expect(on.status).toBe(1);
    expect(on.out).toContain('warroom> !Print value=on\non\n');
    expect(on.out).not.toContain('never');
  });

  it('says of files what is wrong with them', async () => {
    const list = write('list.json', '[{"id": "1"}]');
    const text = write('text.json', '"x"');
    const torn = write('torn.json', '{"a": "\u001b[31m\u202e');
    const said = async (file: string) => (await warroom([`!incident load ${file}`])).out;
    expect(await said(list)).toContain(
      `${list} is a list; an incident is one JSON object. Others than the one at hand go to --incidents.`,
    );
    expect(await said(text)).toContain(`${text} is no incident: write a JSON object such as`);
    expect(await said('/no/such')).toContain('There is no file /no/such.');
    expect(await said(shell.folder)).toContain('is not a file.');
    const tornSaid = await said(torn);
    expect(tornSaid).toContain(`${torn} is not JSON: `);
    for (const bad of ['\u001b', '\u202e']) expect(tornSaid).not.toContain(bad);
  });

  it('is not buried under a large alert, which the service judges', async () => {
    const { status, out } = await warroom([
      `!arcanna-send-event job_id=${jobId} title=big event_json=\`{"a":"${'x'.repeat(2 * 1024 * 1024)}"}\``,
    ]);
    expect(status).toBe(1);
    expect(out).toContain('… (2,097,');
    expect(out).toContain('Error: The body is larger than this service takes.');
    expect(out.length).toBeLessThan(3_000);
  });

  it('is status 1 where Ctrl-C leaves lines that were not run', async () => {
    const stop = new AbortController();
    stop.abort();
    const file = write('stopped.txt', '!Print value=never\n');
    const ran = await shell.verdict(['warroom', ...instance(), '--run', file], { signal: stop.signal });
    expect(ran).toMatchObject({ status: 1, out: '', err: 'Stopped: the lines from here on were not run.\n' });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no instance', [], /instance/],
    ['an instance without an address', ['--instance', 'prod'], /Write it like prod=http/],
    ['a key file that is not there', ['--instance', 'prod=http://localhost:1,/no/such'], /cannot be read/],
    ['no key', ['--instance', 'prod=http://localhost:1'], /VERDICT_API_KEY/],
    ['a secret on the command line', ['--instance', 'p=http://localhost:1,@', '--param', 'apikey=x'], /is a secret/],
    ['an unknown parameter', ['--instance', 'p=http://localhost:1,@', '--param', 'nonsense=x'], /no parameter nonsense/],
    [
      'two instances of one name',
      ['--instance', 'p=http://localhost:1,@', '--instance', 'p=http://localhost:2,@'],
      /two instances named p/,
    ],
    ['no pack', ['--instance', 'p=http://localhost:1,@', '--pack', '/no/such'], /is no folder/],
    [
      'a pack of Python alone',
      ['--instance', 'p=http://localhost:1,@', '--pack', '@snake'],
      /Only JavaScript runs here, and it has Snake \(python\)/,
    ],
    ['incidents that are no list', ['--instance', 'p=http://localhost:1,@', '--incidents', '@'], /is not JSON/],
    ['no file', ['--instance', 'p=http://localhost:1,@', '--run', '/no/such'], /no file/],
    ['an unknown option', ['--instance', 'p=http://localhost:1,@', '--nonsense'], /unknown option/],
  ])('is status 2: %s', async (_, argv, reason) => {
    const ran = await warroom(
      ['!help'],
      argv.map((one) => one.replace('@snake', snake()).replace('@', keyFile)),
    );
    expect(ran).toMatchObject({ status: 2, out: '', err: expect.stringMatching(reason) });
  });
});

describe('at the terminal', () => {
  it('asks all instances or the one that is named, with the key from the environment', async () => {
    const two = [...instance('here'), '--instance', 'there=http://127.0.0.1:1'];
    const both = await warroom(['!arcanna-get-jobs', '!arcanna-get-jobs using=here'], [...two, '--keep-going'], {
      VERDICT_API_KEY: 'k',
    });
    expect(both.status).toBe(1);
    const [all = '', one = ''] = both.out.split('warroom> !arcanna-get-jobs using=here\n');
    expect(all).toMatch(/here\nArcanna Jobs\n.*Endpoint alerts.*\n\nthere\nError: http:\/\/127\.0\.0\.1:1 cannot be reached/s);
    expect(one).toContain('Endpoint alerts');
    expect(all).toContain('→ context: Arcanna.Jobs\n');
    expect(one).not.toContain('→'); // the same again changes nothing
    expect(one).not.toContain('there');
  });

  it('shows help, context and incident, and nothing that a terminal would act on', async () => {
    const incident = write('evil.json', JSON.stringify({ name: '\u001b]0;owned\u0007', note: '\u202eevil' }));
    const ran = await warroom([
      '!help',
      '!help arcanna-send-event',
      `!incident load ${incident}`,
      '!incident show',
      '!Print "${incident.name} ${incident.note}"',
      '!Set key=A.b value=`[1, "x"]`',
      '!Print "\u001b[31mred"',
      '!context A',
      '!context nothing.there',
      '!DeleteContext key=A',
      '!context',
    ]);
    expect(ran.status).toBe(0);
    expect(ran.out).toContain('!arcanna-get-jobs');
    expect(ran.out).toMatch(/event_json \*/);
    expect(ran.out).toContain('␛]0;owned␇ \\u{202e}evil');
    expect(ran.out).toContain('"b": [');
    expect(ran.out).toContain('Nothing is there.');
    expect(ran.out.endsWith('warroom> !context\n{}\n\n')).toBe(true);
    for (const bad of ['\u001b', '\u0007', '\u202e']) expect(ran.out).not.toContain(bad);
  });

  it('extends the context, ignores outputs and shows contents where it is told to', async () => {
    const { lines } = await told(['!arcanna-get-jobs extend-context=`Title=.={"t": val.title}` ignore-outputs=true', '!context']);
    expect(lines[1]?.value).toEqual({ Title: [{ t: 'Endpoint alerts' }] });
    const raw = await warroom(['!arcanna-get-jobs raw-response=true']);
    expect(raw.out).toMatch(/"title": "Endpoint alerts"/);
  });
});

it('finds incidents, and sends the feedback of those that an outage kept from the service', async () => {
  await told([`!arcanna-send-event job_id=${jobId} title=t event_json={} id_value=late-1`]);
  const waiting = {
    id: '7',
    status: 2,
    closingUserId: 'ana',
    closeReason: 'False Positive',
    CustomFields: {
      verdicteventid: 'late-1',
      verdictjobid: String(jobId),
      verdictfeedback: 'not sent: x',
      verdictfeedbackuser: 'ana',
    },
  };
  const others = write('others.json', JSON.stringify([waiting, { id: '8', status: 1 }]));
  const { status, lines } = await told(
    [
      '!getIncidents query=`status:closed and verdictfeedback:not*` extend-context=Before=total',
      '!VerdictResendFeedback query=`status:closed and verdictfeedback:not*`',
      '!SearchIncidentsV2 id=7',
      '!context foundIncidents.CustomFields.verdictfeedback',
    ],
    [...instance(), '--param', 'close_reason_mapping=False Positive=Drop', '--incidents', others],
  );
  expect(lines.map(({ error }) => error).filter((error) => error !== undefined)).toEqual([]);
  expect(status).toBe(0);
  expect(lines[1]).toMatchObject({ entries: [{ Contents: { sent: 1, failed: 0, left: 0 } }] });
  expect(lines[3]?.value).toBe('Drop');
  expect(lines.at(-1)?.context).toMatchObject({ Before: 1 });
});
