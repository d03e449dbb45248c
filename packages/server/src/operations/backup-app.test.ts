import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupList, BackupMade } from '@verdict/contract';
import type { FastifyRequest } from 'fastify';
import { pino } from 'pino';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditTrail } from '../audit/audit-trail.ts';
import { DEFAULTS } from '../config.ts';
import { Refusal } from '../errors.ts';
import type { Principal, Role } from '../http/principal.ts';
import { createHttp, type Http } from '../http/server.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { backupRoutes } from './backup-app.ts';
import { restoreBackup } from './backup-restore.ts';
import { BackupService } from './backup-service.ts';

let root: string;
let storage: Storage;
let http: Http;
let url: string;
let now: number;

/** The header `x-role` says who calls. */
const authenticate = (request: FastifyRequest): Principal => {
  const role = request.headers['x-role'];
  if (role === 'key') return { kind: 'management', keyId: 1, name: 'terraform', scopes: new Set(['write:resources']) };
  if (typeof role !== 'string') throw new Refusal('no_key', 'Sign in.');
  return { kind: 'user', userId: 1, name: 'Ada', role: role as Role };
};

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'verdict-backup-app-'));
  storage = openSqlite(join(root, 'data'));
  now = Date.UTC(2026, 2, 1, 12) * 1000;
  const clock = () => now;
  const backups = new BackupService(storage, new AuditTrail(clock), clock, '0.1.0');
  http = await createHttp({
    config: DEFAULTS,
    version: '0.1.0',
    log: pino({ level: 'silent' }),
    authenticate,
    routes: backupRoutes({ backups }),
  });
  await http.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(http.app.server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await http.close();
  await storage.close();
  rmSync(root, { recursive: true, force: true });
});

const call = async (method: string, path: string, role?: string) => {
  const answer = await fetch(url + path, { method, headers: role ? { 'x-role': role } : {} });
  return { status: answer.status, body: (await answer.json()) as unknown };
};

describe('backups through the API', () => {
  it('are for administrators', async () => {
    for (const role of ['analyst', 'lead', 'key']) {
      expect((await call('POST', '/api/app/backup', role)).status).toBe(403);
      expect((await call('GET', '/api/app/backups', role)).status).toBe(403);
    }
    expect((await call('POST', '/api/app/backup')).status).toBe(401);
    expect(existsSync(join(root, 'data', 'backups'))).toBe(false);
  });

  it('land in the data folder by time, are listed newest first, written down, and can be restored', async () => {
    writeFileSync(join(root, 'data', 'secret.key'), 'k'.repeat(64));
    const first = await call('POST', '/api/app/backup', 'admin');
    expect(first.status).toBe(201);
    if (!Value.Check(BackupMade, first.body)) throw new Error(`not as the contract says: ${JSON.stringify(first.body)}`);
    const folder = join(root, 'data', 'backups', '2026-03-01T12-00-00-000Z');
    expect(first.body.backup).toMatchObject({
      name: '2026-03-01T12-00-00-000Z',
      folder,
      created_at: '2026-03-01T12:00:00.000Z',
      version: '0.1.0',
      with_key: false,
    });
    expect(first.body.message).toContain('The key file secret.key is not in the backup.');
    expect(existsSync(join(folder, 'secret.key'))).toBe(false);

    now += 60_000_000;
    await call('POST', '/api/app/backup', 'admin');
    mkdirSync(join(root, 'data', 'backups', 'unfinished'));
    const list = await call('GET', '/api/app/backups', 'admin');
    if (!Value.Check(BackupList, list.body)) throw new Error(`not as the contract says: ${JSON.stringify(list.body)}`);
    expect(list.body.backups.map((backup) => backup.name)).toEqual(['2026-03-01T12-01-00-000Z', '2026-03-01T12-00-00-000Z']);

    const trail = await storage.read((tx) => tx.all('SELECT actor_id, action, object_id FROM audit ORDER BY seq'));
    expect(trail).toEqual([
      { actor_id: 'user:1', action: 'backup.create', object_id: '2026-03-01T12-00-00-000Z' },
      { actor_id: 'user:1', action: 'backup.create', object_id: '2026-03-01T12-01-00-000Z' },
    ]);
    const { manifest } = await restoreBackup(folder, join(root, 'restored'));
    expect(manifest.database.sha256).toBe(first.body.backup.sha256);
  });

  it('are made one at a time', async () => {
    const answers = await Promise.all([call('POST', '/api/app/backup', 'admin'), call('POST', '/api/app/backup', 'admin')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      detail: 'A backup is being made already. Wait until it is done.',
    });
  });

  it('are none before the first', async () => {
    expect(await call('GET', '/api/app/backups', 'admin')).toEqual({ status: 200, body: { backups: [] } });
  });
});
