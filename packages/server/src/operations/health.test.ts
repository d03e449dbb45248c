import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { FastifyRequest } from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, DEFAULTS } from '../config.ts';
import { Refusal } from '../errors.ts';
import type { Principal } from '../http/principal.ts';
import { createHttp, type Http } from '../http/server.ts';
import { SCHEMA_VERSION } from '../storage/migrations.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import type { DiskState } from './disk-watch.ts';
import { healthRoutes } from './health-app.ts';
import { Metrics } from './metrics.ts';
import { Readiness } from './readiness.ts';

let folder: string;
let storage: Storage;
let readiness: Readiness;
let disk: DiskState | null;
const started: Http[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-health-'));
  storage = openSqlite(folder);
  disk = null;
  readiness = new Readiness(storage, () => disk);
});

afterEach(async () => {
  for (const http of started.splice(0)) await http.close();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Callers with the header `x-arcanna-api-key: good` are an input key without any right. */
const authenticate = (request: FastifyRequest): Principal => {
  if (request.headers['x-arcanna-api-key'] !== 'good') throw new Refusal('no_key', 'Send a key.');
  return { kind: 'input', keyId: 1, name: 'soar', rights: new Set() };
};

async function start(config: Partial<Config> = {}): Promise<string> {
  const metrics = new Metrics({ version: '0.1.0', storage });
  const full = { ...DEFAULTS, ...config };
  const http = await createHttp({
    config: full,
    version: '0.1.0',
    log: pino({ level: 'silent' }),
    authenticate,
    routes: healthRoutes({ config: full, readiness, metrics }),
    observe: metrics.answered,
  });
  started.push(http);
  await http.app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(http.app.server.address() as AddressInfo).port}`;
}

describe('/metrics', () => {
  it('is open on loopback and counts the calls', async () => {
    const url = await start();
    await (await fetch(`${url}/health`)).text();
    const answer = await fetch(`${url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('verdict_http_requests_total{method="GET",route="/health",status="2xx"} 1\n');
  });

  it.each([
    ['beyond loopback', { host: '0.0.0.0', allowHttp: true }],
    ['behind a proxy', { trustedProxies: ['10.0.0.5'] }],
  ])('wants a key %s, whatever its rights', async (_where, config) => {
    const url = await start(config);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/metrics`, { headers: { 'x-arcanna-api-key': 'bad' } })).status).toBe(401);
    expect((await fetch(`${url}/metrics`, { headers: { 'x-arcanna-api-key': 'good' } })).status).toBe(200);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });
});

describe('/health', () => {
  it('answers also when the store is closed', async () => {
    const url = await start();
    await storage.close();
    const answer = await fetch(`${url}/health`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
  });
});

describe('/ready', () => {
  it('says what was checked, and warns of a full disk without being unready', async () => {
    const url = await start();
    disk = { size: 100, free: 8, used: 0.92, low: true };
    const answer = await fetch(`${url}/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        status: 'ready',
        checks: [
          { name: 'running', ok: true, detail: '' },
          { name: 'storage', ok: true, detail: '' },
          { name: 'migrations', ok: true, detail: '' },
        ],
        warnings: [
          'The disk of the data folder is 92 % full. Free some space, or set a retention for events: when it is full, no event is taken.',
        ],
      },
    ]);
  });

  it('is 503 once the service stops', async () => {
    const url = await start();
    readiness.stop();
    const answer = await fetch(`${url}/ready`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await answer.json()).toMatchObject({
      status: 'not_ready',
      checks: [{ name: 'running', ok: false, detail: 'The service is stopping.' }, {}, {}],
    });
  });

  it('is 503 when the store cannot be written', async () => {
    const url = await start();
    await storage.close();
    const answer = await fetch(`${url}/ready`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'not_ready',
      checks: [{ ok: true }, { name: 'storage', ok: false }, { name: 'migrations', ok: false }],
    });
  });

  it('is 503 when the database has another schema', async () => {
    const other = new Database(storage.file);
    other.pragma('user_version = 99');
    other.close();
    const { ready, checks } = await readiness.check();
    expect(ready).toBe(false);
    expect(checks[2]).toEqual({
      name: 'migrations',
      ok: false,
      detail: `The database has schema 99, this program needs ${SCHEMA_VERSION}.`,
    });
  });

  it('writes once for many who ask at the same time', async () => {
    await readiness.check();
    const probe = () => storage.read((tx) => tx.get<{ value: string }>(`SELECT value FROM meta WHERE name = 'probe'`));
    const before = await probe();
    await Promise.all(Array.from({ length: 51 }, () => readiness.check()));
    expect(await probe()).toEqual(before);
  });
});
