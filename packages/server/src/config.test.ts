import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadConfig, DEFAULTS, describeConfig, loadConfig } from './config.ts';
import { makeSelfSigned } from './operations/tls.ts';
import { nearest } from './settings.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-config-'));
  file = join(folder, 'verdict.config.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inFile = (members: unknown) => writeFileSync(file, JSON.stringify(members));
const mistakesOf = (env: Record<string, string>, from?: string): readonly string[] => {
  try {
    loadConfig(env, from);
  } catch (error) {
    if (error instanceof BadConfig) return error.mistakes;
    throw error;
  }
  return [];
};

describe('what is refused', () => {
  it('lists every mistake at once, each with what a good value looks like', () => {
    inFile({ queueLimit: 0, logLevel: 'loud', allowHttp: 'perhaps' });
    const mistakes = mistakesOf(
      { VERDICT_PORT: '70000', VERDICT_HOST: 'http://x', VERDICT_EVENT_LIMIT: '1e9', VERDICT_RETENTION_AT: '24:00' },
      file,
    );
    expect(mistakes).toEqual([
      'VERDICT_HOST must be an address or a host name without port, like 127.0.0.1, 0.0.0.0 or ::.',
      'VERDICT_PORT must be a whole number from 0 to 65535.',
      `allowHttp in ${file} (VERDICT_ALLOW_HTTP) must be 1 or 0 (true, false, yes and no do too).`,
      `logLevel in ${file} (VERDICT_LOG_LEVEL) must be one of silent, fatal, error, warn, info, debug, trace.`,
      'VERDICT_EVENT_LIMIT must be a number of bytes from 1024 to 67108864, like 16777216 or 16MiB.',
      `queueLimit in ${file} (VERDICT_QUEUE_LIMIT) must be a whole number from 1 to 1000000.`,
      'VERDICT_RETENTION_AT must be a time of day from 00:00 to 23:59, like 03:30.',
    ]);
    expect(new BadConfig(mistakes).message).toMatch(/^7 settings are wrong:\n {2}- VERDICT_HOST must/);
  });

  it.each([['1.5'], ['-1'], [''.padEnd(20, '9')], ['0x50'], ['9666 '.repeat(2)], ['NaN']])('the port %j', (port) => {
    expect(mistakesOf({ VERDICT_PORT: port })).toEqual(['VERDICT_PORT must be a whole number from 0 to 65535.']);
  });

  it('proxies that are no addresses, or everybody', () => {
    expect(mistakesOf({ VERDICT_TRUSTED_PROXIES: '10.0.0.5, proxy' })).toEqual([
      'VERDICT_TRUSTED_PROXIES must list addresses or networks like 10.0.0.5 or 10.0.0.0/24 (or loopback); "proxy" is neither.',
    ]);
    expect(mistakesOf({ VERDICT_TRUSTED_PROXIES: '10.0.0.0/33' })).toHaveLength(1);
    expect(mistakesOf({ VERDICT_TRUSTED_PROXIES: '0.0.0.0/0' })).toEqual([
      'VERDICT_TRUSTED_PROXIES must name the proxies themselves; "0.0.0.0/0" is everybody, and anybody could then claim any address.',
    ]);
  });

  it('allowed hosts written as URLs', () => {
    expect(mistakesOf({ VERDICT_ALLOWED_HOSTS: 'https://soc.example.org' })).toEqual([
      'VERDICT_ALLOWED_HOSTS must list host names like verdict.example.org, without https:// and path; "https://soc.example.org" is not one.',
    ]);
  });

  it('an event limit above the bulk limit', () => {
    expect(mistakesOf({ VERDICT_EVENT_LIMIT: '2MiB', VERDICT_BULK_LIMIT: '1MiB' })).toEqual([
      'VERDICT_BULK_LIMIT must be at least VERDICT_EVENT_LIMIT: a bulk call carries whole events.',
    ]);
  });

  it('a configuration file that was named and is not there, is not JSON, or is no object', () => {
    const missing = join(folder, 'none.json');
    expect(mistakesOf({ VERDICT_CONFIG_FILE: missing })).toEqual([
      `VERDICT_CONFIG_FILE: the configuration file ${missing} cannot be read (ENOENT). Name one that can, or none.`,
    ]);
    writeFileSync(file, '{"tlsPassphrase": "hunter2"');
    expect(mistakesOf({}, file)).toEqual([
      `${file} is not valid JSON. It must be an object like {"port": 9666}, without comments and trailing commas.`,
    ]);
    inFile([1]);
    expect(mistakesOf({}, file)).toEqual([`${file} must hold a JSON object, like {"port": 9666}.`]);
  });
});

describe('reach', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost'])('takes %s without more', (host) => {
    expect(loadConfig({ VERDICT_HOST: host }, undefined).warnings).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '10.1.2.3', 'verdict.example.org', '128.0.0.1'])('refuses %s in plain HTTP', (host) => {
    const [mistake, ...more] = mistakesOf({ VERDICT_HOST: host });
    expect(more).toEqual([]);
    expect(mistake).toContain(`VERDICT_HOST is ${host}, which others can reach`);
    expect(mistake).toContain('VERDICT_ALLOW_HTTP=1');
  });

  it('warns where plain HTTP is allowed, and takes a trusted proxy', () => {
    const { warnings, config } = loadConfig({ VERDICT_HOST: '0.0.0.0', VERDICT_ALLOW_HTTP: '1' });
    expect(config.allowHttp).toBe(true);
    expect(warnings).toEqual([
      'The service listens on 0.0.0.0 in plain HTTP, as VERDICT_ALLOW_HTTP allows: who can read the network can read keys, passwords and alerts.',
    ]);
    expect(loadConfig({ VERDICT_HOST: '0.0.0.0', VERDICT_TRUSTED_PROXIES: '10.0.0.5,fd00::/8' })).toMatchObject({
      warnings: [],
      config: { trustedProxies: ['10.0.0.5', 'fd00::/8'] },
    });
  });
});

describe('TLS', () => {
  it('takes a pair of files and reaches beyond loopback with it', async () => {
    const { certFile, keyFile } = await makeSelfSigned(folder);
    const { config, warnings } = loadConfig({ VERDICT_HOST: '0.0.0.0', VERDICT_TLS_CERT: certFile, VERDICT_TLS_KEY: keyFile });
    expect(config.tls).toEqual({ certFile, keyFile });
    expect(warnings).toEqual([]);
  });

  it('refuses half a pair, files that cannot be read, and a key of another certificate', async () => {
    const one = await makeSelfSigned(join(folder, 'one'));
    const other = await makeSelfSigned(join(folder, 'other'));
    expect(mistakesOf({ VERDICT_TLS_CERT: one.certFile })).toEqual([
      'VERDICT_TLS_KEY is missing: VERDICT_TLS_CERT is set, and TLS needs both files. `verdict tls self-signed` makes a pair.',
    ]);
    expect(mistakesOf({ VERDICT_TLS_CERT: one.certFile, VERDICT_TLS_KEY: join(folder, 'none.pem') })).toEqual([
      `VERDICT_TLS_KEY must name a file that this service can read; ${join(folder, 'none.pem')} cannot be read (ENOENT).`,
    ]);
    const [mistake] = mistakesOf({ VERDICT_TLS_CERT: one.certFile, VERDICT_TLS_KEY: other.keyFile });
    expect(mistake).toContain('must be a certificate and its own private key');
  });

  it('warns of a certificate that expired or soon will', async () => {
    const old = await makeSelfSigned(join(folder, 'old'), [], { now: new Date('2020-01-01T00:00:00Z') });
    const { warnings } = loadConfig({ VERDICT_TLS_CERT: old.certFile, VERDICT_TLS_KEY: old.keyFile });
    expect(warnings).toEqual([`The TLS certificate ${old.certFile} expired on 2021-02-01: clients will refuse it. Renew it.`]);
    const soon = await makeSelfSigned(join(folder, 'soon'), [], { now: new Date(Date.now() - 390 * 86_400_000) });
    expect(loadConfig({ VERDICT_TLS_CERT: soon.certFile, VERDICT_TLS_KEY: soon.keyFile }).warnings[0]).toContain(
      'Renew it before.',
    );
  });
});

describe('where values come from', () => {
  it('is the defaults without anything', () => {
    const loaded = loadConfig({}, undefined);
    expect(loaded.config).toEqual(DEFAULTS);
    expect(loaded.file).toBeNull();
    expect(DEFAULTS).toMatchObject({
      host: '127.0.0.1',
      port: 9666,
      dataDir: './data',
      tls: null,
      eventLimit: 1_048_576,
      bulkLimit: 67_108_864,
    });
  });

  it('lets the environment win over the file and the file over the defaults', () => {
    inFile({ port: 9777, logLevel: 'debug', allowedHosts: ['soc.example.org'], queueLimit: null });
    const loaded = loadConfig({
      VERDICT_PORT: '9888',
      VERDICT_CONFIG_FILE: file,
      VERDICT_QUEUE_LIMIT: '',
      VERDICT_BULK_LIMIT: '8 MiB',
    });
    expect(loaded.config).toEqual({
      ...DEFAULTS,
      port: 9888,
      logLevel: 'debug',
      allowedHosts: ['soc.example.org'],
      bulkLimit: 8_388_608,
    });
    expect(loaded.file).toBe(file);
    expect(loaded.sources).toMatchObject({
      port: 'environment',
      logLevel: 'file',
      allowedHosts: 'file',
      queueLimit: 'default',
      bulkLimit: 'environment',
      host: 'default',
    });
  });

  it('counts relative paths in the file from the file', () => {
    mkdirSync(join(folder, 'etc'));
    const there = join(folder, 'etc', 'v.json');
    writeFileSync(there, '{"dataDir": "../store"}');
    expect(loadConfig({}, there).config.dataDir).toBe(join(folder, 'store'));
    expect(loadConfig({ VERDICT_DATA_DIR: 'store' }, there).config.dataDir).toBe('store');
  });

  it('warns of names that are not known, with the nearest one that is', () => {
    inFile({ prot: 1, VERDICT_PORT: 2, completelyElse: 3, __proto__x: 4 });
    const { warnings, config } = loadConfig(
      { VERDICT_DATADIR: '/x', VERDICT_URL: 'http://localhost:9666', VERDICT_ZZZZZZZZ: '1', PATH: '/bin' },
      file,
    );
    expect(config.port).toBe(9666);
    expect(warnings).toEqual([
      'The environment variable VERDICT_DATADIR is not known and changes nothing. Did you mean VERDICT_DATA_DIR?',
      'The environment variable VERDICT_ZZZZZZZZ is not known and changes nothing.',
      `"VERDICT_PORT" in ${file} is not known and changes nothing. Did you mean port?`,
      `"__proto__x" in ${file} is not known and changes nothing.`,
      `"completelyElse" in ${file} is not known and changes nothing.`,
      `"prot" in ${file} is not known and changes nothing. Did you mean port?`,
    ]);
  });
});

describe('verdict config', () => {
  it('shows each setting with its source and never a secret', () => {
    inFile({ tlsPassphrase: 'hunter2', trustedProxies: ['10.0.0.5', '10.0.0.6'] });
    const loaded = loadConfig({ VERDICT_PORT: '9888' }, file);
    const rows = describeConfig(loaded);
    expect(rows.map((row) => row.name)).toEqual([
      'VERDICT_HOST',
      'VERDICT_PORT',
      'VERDICT_DATA_DIR',
      'VERDICT_ALLOW_HTTP',
      'VERDICT_TLS_CERT',
      'VERDICT_TLS_KEY',
      'VERDICT_TLS_PASSPHRASE',
      'VERDICT_TRUSTED_PROXIES',
      'VERDICT_ALLOWED_HOSTS',
      'VERDICT_LOG_LEVEL',
      'VERDICT_EVENT_LIMIT',
      'VERDICT_BULK_LIMIT',
      'VERDICT_QUEUE_LIMIT',
      'VERDICT_DISK_WARNING',
      'VERDICT_RETENTION_AT',
    ]);
    expect(rows.find((row) => row.member === 'port')).toMatchObject({ value: '9888', source: 'environment' });
    expect(rows.find((row) => row.member === 'trustedProxies')).toMatchObject({ value: '10.0.0.5,10.0.0.6', source: 'file' });
    expect(rows.find((row) => row.member === 'tlsPassphrase')).toMatchObject({ value: '********', source: 'file' });
    expect(JSON.stringify(rows)).not.toContain('hunter2');
    expect(rows.every((row) => row.description.endsWith('.'))).toBe(true);
  });
});

describe('the nearest name', () => {
  it('is the one with the fewest changes, or none when all are far', () => {
    expect(nearest('VERDICT_PROT', ['VERDICT_PORT', 'VERDICT_HOST'])).toBe('VERDICT_PORT');
    expect(nearest('x', ['abcdef'])).toBeUndefined();
    expect(nearest('', [])).toBeUndefined();
    expect(nearest('a'.repeat(100_000), ['port'])).toBeUndefined();
  });
});
