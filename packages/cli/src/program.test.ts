import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AppAuditEntry, AppJob, AppKey, AppUser } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing.ts';

// Many commands open the store one after the other here, as nobody does by hand.
vi.setConfig({ testTimeout: 180_000 });

let shell: Shell;

beforeAll(() => {
  shell = openShell();
});

afterAll(() => shell.remove());

const startHere = (dataDir = shell.dataDir): Promise<Running> => {
  const config = { ...DEFAULTS, port: 0, dataDir, logLevel: 'silent' as const };
  return startService(config, createLog(config));
};

describe('the command', () => {
  it('says its version, helps, and refuses what it does not know', async () => {
    expect((await shell.verdict(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await shell.verdict(['--help']);
    expect(help.status).toBe(0);
    for (const name of ['users', 'keys', 'jobs', 'import', 'evaluate', 'demo', 'audit', 'backup', 'restore', 'config', 'tls'])
      expect(help.out).toContain(name);
    expect(await shell.verdict(['nonsense'])).toMatchObject({
      status: 1,
      err: expect.stringContaining("unknown command 'nonsense'"),
    });
    expect(await shell.verdict(['jobs', 'list', '--nonsense'])).toMatchObject({ status: 1 });
  });

  it('says in a sentence what is wrong with a setting, an address, a key', async () => {
    expect((await shell.verdict(['jobs', 'list'], { env: { VERDICT_PORT: 'x' } })).err).toMatch(
      /VERDICT_PORT must be a whole number/,
    );
    expect((await shell.verdict(['--url', 'here', 'jobs', 'list'])).err).toContain('is not the address of a service');
    expect((await shell.verdict(['--url', 'http://127.0.0.1:1', 'jobs', 'list'])).err).toContain('Set VERDICT_API_KEY');
  });
});

describe('a data folder with a long path', () => {
  it('is refused by the service in a sentence, and served by commands all the same', async () => {
    const deep = join(shell.folder, 'd'.repeat(120));
    await expect(startHere(deep)).rejects.toThrow(/VERDICT_DATA_DIR must be \d+ bytes shorter/);
    expect(await shell.json(['--data-dir', deep, 'jobs', 'list'])).toEqual([]);
  });
});

describe('users', () => {
  let running: Running;
  beforeAll(async () => {
    running = await startHere();
  });
  afterAll(() => running.stop());

  it('are added with a password from stdin, listed, disabled and enabled', async () => {
    const password = 'correct horse battery';
    expect((await shell.verdict(['users', 'add', 'ada', '--admin'])).err).toContain('--password-stdin');
    const added = await shell.verdict(['users', 'add', 'ada', '--admin', '--password-stdin'], { stdin: `${password}\n` });
    expect(added).toEqual({ status: 0, out: 'Added ada as admin.\n', err: '' });
    expect((await shell.verdict(['users', 'add', 'ADA'])).err).toContain('There is a user ada already');
    expect((await shell.verdict(['users', 'add', 'bob', '--password-stdin'], { stdin: 'short\n' })).err).toContain(
      '12 characters',
    );
    expect(
      (await shell.verdict(['users', 'add', 'bob', '--password-stdin', '--lead'], { stdin: `${password}\r\n` })).status,
    ).toBe(0);
    expect((await shell.verdict(['users', 'disable', 'bob'])).out).toBe('bob cannot sign in any more.\n');
    expect(
      (await shell.verdict(['users', 'password', 'bob', '--password-stdin'], { stdin: 'another horse battery' })).status,
    ).toBe(0);
    expect((await shell.verdict(['users', 'disable', 'nobody'])).err).toContain('There are: ada, bob.');
    const users = await shell.json<AppUser[]>(['users', 'list']);
    expect(users.map(({ name, role, disabled }) => [name, role, disabled])).toEqual([
      ['ada', 'admin', false],
      ['bob', 'lead', true],
    ]);
    expect((await shell.verdict(['users', 'list'])).out).toMatch(/^NAME {2}ROLE .*\nada .*admin/);
  });
});

describe('keys', () => {
  it('are made with the service running or not, and work', async () => {
    const idle = await shell.json<Record<string, unknown>>([
      'keys',
      'create',
      '--name',
      'idle',
      '--management',
      '--scopes',
      'read:resources',
      '--expires',
      '30d',
    ]);
    expect(Object.keys(idle)).toEqual(['id', 'key', 'scopes']);
    expect(idle).toMatchObject({ id: expect.any(Number), key: expect.stringMatching(/^vrd_/), scopes: ['read:resources'] });
    const running = await startHere();
    try {
      const made = await shell.json<{ key: string; scopes: string[] }>(['keys', 'create', '--name', 'busy', '--management']);
      expect(made.scopes).toContain('write:events');
      const env = { VERDICT_API_KEY: made.key, VERDICT_URL: running.url };
      expect(await shell.json(['jobs', 'list'], { env })).toEqual([]);
      expect((await shell.verdict(['users', 'list'], { env })).err).toContain('not for this kind of credential');
      expect((await shell.verdict(['backup', 'x', '--url', running.url], { env })).err).toContain(
        'on the machine of the service only',
      );
      // Without the socket there is no second way into the folder.
      expect((await shell.verdict(['keys', 'revoke', 'busy'])).out).toContain('is not taken any more');
      expect((await shell.verdict(['jobs', 'list'], { env })).err).toContain('revoked');
    } finally {
      await running.stop();
    }
    const keys = await shell.json<AppKey[]>(['keys', 'list']);
    expect(keys.map(({ name, state }) => [name, state])).toEqual([
      ['idle', 'active'],
      ['busy', 'revoked'],
    ]);
    expect(Date.parse(keys[0]!.expires_at!) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    const input = await shell.json<Record<string, unknown>>(['keys', 'create', '--name', 'soar', '--rights', 'events,decisions']);
    expect(input).toMatchObject({ scopes: [], rights: ['events', 'decisions'] });
    const plain = await shell.verdict(['keys', 'create', '--name', 'plain', '--management']);
    expect(plain.out).toMatch(/^vrd_\S+\n$/);
    expect((await shell.verdict(['keys', 'create', '--name', 'y', '--scopes', 'read:resources'])).err).toContain(
      'say --management too',
    );
    expect((await shell.verdict(['keys', 'create', '--name', 'y', '--management', '--expires', 'soon'])).status).toBe(1);
  });
});

describe('import, use cases and training', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const escalate = index % 3 === 0;
      const event = { rule: { name: escalate ? `beacon ${index % 4}` : `scan ${index % 5}` }, host: `h${index % 4}`, big: '@' };
      return JSON.stringify({
        event,
        label: escalate ? 'Escalate' : 'drop',
        time: 1_700_000_000 + index,
        group: `g${Math.floor(index / 5)}`,
      }).replace('"@"', '12345678901234567890');
    });
  const write = (name: string, text: string): string => {
    const file = join(shell.folder, name);
    writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
    return file;
  };

  it('bring in a file, say what was refused and why, and change nothing when run again', async () => {
    const some = lines(300);
    const file = write('alerts.jsonl.gz', `${some.join('\r\n')}\n\nnonsense\n{"event":{},"label":"Unheard"}\n`);
    const command = [
      'import',
      file,
      '--job',
      'From a file',
      '--points',
      'rule.name,host',
      '--labels',
      'Escalate,Drop',
      '--feedback-as',
      'ada',
    ];
    const ran = await shell.verdict(command);
    expect(ran.err).toContain('Made the AI use case "From a file"');
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.out).toContain('301 alerts: 301 new, 0 there already');
    expect(ran.out).toContain('300 labels: drop 200, Escalate 100');
    expect(ran.out).toContain('Refused: 1 line\n  1 time: The line is not valid JSON. (line 302)');
    expect(ran.out).toMatch(/Stored without their label: 1 line\n {2}1 time: .*"Unheard" is not a label/);
    const again = await shell.json<{ alerts: unknown; labelled: number }>(command);
    expect(again).toMatchObject({ alerts: { new: 0, version: 0, repeated: 301, refused: 1 }, labelled: 300 });
    const [job] = await shell.json<AppJob[]>(['jobs', 'list']);
    expect(job).toMatchObject({
      title: 'From a file',
      status: 'ENABLED',
      events: 301,
      events_with_feedback: 300,
      decision_points: ['rule.name', 'host'],
    });
    expect(job!.labels.map(({ name }) => name)).toEqual(['Escalate', 'Drop']);
  });

  it('goes on where an import was interrupted', async () => {
    const file = write('long.jsonl', lines(2_500).join('\n'));
    let rows = 0;
    const signal = {
      get aborted() {
        return ++rows > 1_500;
      },
    };
    const first = await shell.verdict(['import', file, '--job', 'Interrupted', '--labels', 'Escalate,Drop,Investigate'], {
      signal,
    });
    expect(first).toMatchObject({
      status: 1,
      out: expect.stringContaining('1,500 new'),
      err: expect.stringContaining('Run the same command again'),
    });
    const second = await shell.json<{ alerts: { new: number; repeated: number }; interrupted: boolean }>([
      'import',
      file,
      '--job',
      'Interrupted',
    ]);
    expect(second.interrupted).toBe(false);
    expect(second.alerts).toMatchObject({ new: 1_000, repeated: 1_500 });
    const job = (await shell.json<AppJob[]>(['jobs', 'list'])).find(({ title }) => title === 'Interrupted')!;
    expect(job.events).toBe(2_500);
    expect(job.labels.map(({ name }) => name)).toEqual(['Escalate', 'Drop', 'Investigate']);
  });

  it('shows fields, changes decision points, trains', async () => {
    const fields = await shell.verdict(['jobs', 'fields', 'interrupted']);
    expect(fields.out).toContain('rule.name');
    expect((await shell.verdict(['jobs', 'train', 'Interrupted'])).err).toContain('Choose decision points first');
    expect((await shell.verdict(['jobs', 'points', 'Interrupted', 'rule.name, host'])).out).toBe(
      '"Interrupted" decides by rule.name, host.\n',
    );
    expect((await shell.verdict(['jobs', 'points', 'Interrupted'])).out).toBe('rule.name,host\n');
    expect((await shell.verdict(['jobs', 'points', 'Interrupted', '--type', 'rule.name=text', 'host=category'])).out).toContain(
      'Types set: rule.name is text, host is category.',
    );
    expect((await shell.verdict(['jobs', 'points', 'Interrupted', '--type', 'host=auto'])).out).toContain(
      'Types set: rule.name is text.\n',
    );
    expect((await shell.verdict(['jobs', 'points', 'Interrupted', '--type', 'host=colour'])).err).toContain(
      '"host=colour" is not path=type, with a type of category, text',
    );
    expect((await shell.verdict(['jobs', 'points', 'Interrupted', '--type', 'user=text'])).err).toContain(
      '"user" is not a decision point of this AI use case',
    );
    const shown = await shell.verdict(['jobs', 'show', 'Interrupted']);
    expect(shown.out).toMatch(/Escalate \(\d+ buckets\), Drop \(\d+ buckets\), Investigate \(0 buckets\)/);
    const trained = await shell.json<{ message: string; model: { units: number; active: boolean } }>([
      'jobs',
      'train',
      'Interrupted',
    ]);
    expect(trained).toMatchObject({ message: 'Retraining finished successfully', model: { active: true } });
    expect((await shell.verdict(['jobs', 'train', 'Interrupted', '--no-wait'])).err).toContain('No service is running');
    expect((await shell.verdict(['jobs', 'stop', 'Interrupted'])).out).toContain('is stopped');
    expect((await shell.verdict(['import', join(shell.folder, 'long.jsonl'), '--job', 'Interrupted'])).err).toContain(
      'verdict jobs start',
    );
    expect((await shell.verdict(['jobs', 'start', 'Interrupted'])).out).toContain('takes events');
    expect((await shell.verdict(['jobs', 'show', 'None such'])).err).toMatch(
      /There is no AI use case "None such". There are: \d+ "From a file"/,
    );
  });

  it('refuses files that are none, and says so', async () => {
    const into = (file: string, ...more: string[]) => shell.verdict(['import', file, '--job', 'New one', ...more]);
    expect((await into(join(shell.folder, 'missing'))).err).toContain('There is no file');
    expect((await into(shell.folder)).err).toContain('is not a file');
    const whole = gzipSync(lines(50).join('\n'));
    writeFileSync(join(shell.folder, 'cut.gz'), whole.subarray(0, whole.length - 20));
    expect((await into(join(shell.folder, 'cut.gz'))).err).toContain('is damaged or ends early');
    expect((await into(write('one.jsonl', lines(3)[0]!))).status).toBe(0);
    const many = write('many.jsonl', Array.from({ length: 30 }, (_, index) => `{"event":{},"label":"l${index}"}`).join('\n'));
    expect((await shell.verdict(['import', many, '--job', 'Many'])).err).toContain('more than 20 different values');
    expect((await shell.verdict(['import', write('empty.jsonl', ''), '--job', 'Empty', '--labels', 'a,b'])).err).toContain(
      'There are no alerts',
    );
  });

  it('evaluates a file without any service, the same for the same seed', async () => {
    const file = write('evaluate.jsonl', lines(400).join('\n'));
    const found = await shell.json<Record<string, unknown>>(['evaluate', file, '--points', 'rule.name,host']);
    expect(found).toMatchObject({
      alerts: 400,
      labels: ['Escalate', 'drop'],
      learned_from: 280,
      held_out: 120,
      accuracy: 1,
      macro_f1: 1,
      confusion: [
        [40, 0],
        [0, 80],
      ],
    });
    const again = await shell.json<Record<string, unknown>>(['evaluate', file, '--points', 'rule.name,host']);
    const figures = ({ train_seconds: _, decide_micros: __, ...rest }: Record<string, unknown>) => rest;
    expect(figures(again)).toEqual(figures(found));
    const table = await shell.verdict(['evaluate', file, '--holdout', '0.5']);
    expect(table.out).toContain('chosen by the advice');
    expect(table.out).toMatch(/accuracy +100\.0 %/);
    expect((await shell.verdict(['evaluate', file, '--holdout', '1'])).status).toBe(1);
    expect((await shell.verdict(['evaluate', file, '--label-field', 'none'])).err).toContain('Only 0 alerts have a label');
  });
});

describe('audit trail, settings, certificates, backup', () => {
  it('shows who changed what and finds the trail in order', async () => {
    expect((await shell.verdict(['audit', 'verify'])).out).toMatch(/^All \d+ entries are as they were written\.\n$/);
    const { out } = await shell.verdict(['audit', 'list', '--json', '--limit', '1000', '--action', 'user.add']);
    const entries = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AppAuditEntry);
    expect(entries.map(({ actor_name, action }) => [actor_name, action])).toEqual([
      ['operator', 'user.add'],
      ['operator', 'user.add'],
    ]);
    expect(out).not.toContain('argon2');
  });

  it('shows the settings with their sources', async () => {
    const { settings } = await shell.json<{ settings: { name: string; value: string; source: string }[] }>(['config'], {
      env: { VERDICT_TLS_PASSPHRASE: 'secret', VERDICT_PORT: '9700' },
    });
    expect(settings.find(({ name }) => name === 'VERDICT_PORT')).toMatchObject({ value: '9700', source: 'environment' });
    expect(JSON.stringify(settings)).not.toContain('"secret"');
  });

  it('makes a certificate for a service to use', async () => {
    const folder = join(shell.folder, 'tls');
    const { status, out } = await shell.verdict(['tls', 'self-signed', folder, '--hosts', 'verdict.example']);
    expect(status).toBe(0);
    expect(out).toContain('verdict.example');
    expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
    expect((await shell.verdict(['tls', 'self-signed', folder])).err).toContain('--force');
  });

  it('backs up with the service running or not, and restores elsewhere', async () => {
    const running = await startHere();
    const hot = join(shell.folder, 'hot');
    try {
      expect((await shell.verdict(['backup', hot])).out).toContain('Backed up');
      expect((await shell.verdict(['backup', hot])).status).toBe(1);
      expect((await shell.verdict(['restore', hot, '--force'])).err).toContain('Another Verdict process');
    } finally {
      await running.stop();
    }
    expect((await shell.verdict(['backup', join(shell.folder, 'cold'), '--with-key'])).status).toBe(0);
    expect(readdirSync(join(shell.folder, 'cold')).sort()).toEqual(['manifest.json', 'secret.key', 'verdict.db']);
    const elsewhere = join(shell.folder, 'elsewhere');
    const restored = await shell.verdict(['--data-dir', elsewhere, 'restore', hot]);
    expect(restored.err).toContain('secret.key is missing');
    expect(await shell.json<AppJob[]>(['--data-dir', elsewhere, 'jobs', 'list'])).toEqual(
      await shell.json<AppJob[]>(['jobs', 'list']),
    );
    expect((await shell.verdict(['--data-dir', join(shell.folder, 'none'), 'backup', join(shell.folder, 'x')])).err).toContain(
      'There is no data in',
    );
  });
});

describe('demo', () => {
  it('walks the whole story on a service of its own and leaves nothing', async () => {
    const { status, out, err } = await shell.verdict(['demo', '--alerts', '300', '--seed', '3']);
    expect(err).not.toContain('Error');
    expect(status).toBe(0);
    expect(out).toContain('no_decision');
    expect(out).toMatch(/60 votes|\d+ votes/);
    expect(out).toMatch(/Measured: \d+ of 300 unseen ordinary alerts decided as the truth has it \(\d+\.\d %\)\./);
    expect(out).toMatch(/Flagged as outliers: [0-3] of the 3 odd ones/);
  });

  it('walks it on a running service, and removes what it made', async () => {
    const running = await startHere();
    try {
      const before = await shell.json<AppJob[]>(['jobs', 'list']);
      const { key } = await shell.json<{ key: string }>(['keys', 'create', '--name', 'demo', '--management']);
      const ran = await shell.verdict(['demo', '--alerts', '300', '--url', running.url], { env: { VERDICT_API_KEY: key } });
      expect(ran).toMatchObject({ status: 0, out: expect.stringContaining('What the demo had made was removed again.') });
      expect((await shell.json<AppJob[]>(['jobs', 'list'])).map(({ title }) => title)).toEqual(before.map(({ title }) => title));
    } finally {
      await running.stop();
    }
  });
});
