import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INTEGRATION_TYPES, type IntegrationType } from '@verdict/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, createAccess } from '../access/access.ts';
import { SECRET_KEY_FILE } from '../access/secrets.ts';
import { AuditTrail } from '../audit/audit-trail.ts';
import type { Origin } from '../http/principal.ts';
import { JobService } from '../jobs/job-service.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { maskedParameters } from './integration.ts';
import { IntegrationService } from './integration-service.ts';

const OPERATOR: Origin = { principal: { kind: 'operator', name: 'operator' }, address: 'test' };
/** A type with a secret of its own, as those that send events elsewhere have. */
const MAILBOX: IntegrationType = {
  id: 7,
  name: 'Mailbox',
  description: 'Reads alerts from a mailbox.',
  creatable: true,
  roles: ['input'],
  roles_details: {},
  pipeline_role_identifiers: ['input'],
  connection_parameters: {
    type: 'object',
    properties: {
      user: { type: 'string', title: 'User', description: 'Who reads.' },
      password: { type: 'string', title: 'Password', description: 'Their password.', writeOnly: true },
      token: { type: 'string', title: 'Token', description: 'Instead of it.', writeOnly: true },
    },
    required: ['user', 'password'],
  },
  pipeline_parameters: {},
};

let folder: string;
let storage: Storage;
let access: Access;
let integrations: IntegrationService;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-integrations-'));
  storage = openSqlite(folder);
  let now = 1_700_000_000_000_000;
  const clock = () => ++now;
  const audit = new AuditTrail(clock);
  access = createAccess(storage, clock, audit);
  await access.start();
  const jobs = new JobService(storage, clock, audit);
  integrations = new IntegrationService(storage, clock, audit, access.keys, jobs, access.vault, [...INTEGRATION_TYPES, MAILBOX]);
});

afterEach(async () => {
  await access.stop();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const make = (parameters: Record<string, unknown>) =>
  integrations.create({ title: 'Box', type: 'mailbox', parameters }, OPERATOR);
const everythingStored = async () =>
  JSON.stringify(
    await storage.read(async (tx) => [await tx.all('SELECT * FROM integrations'), await tx.all('SELECT * FROM audit')]),
  );

describe('secret parameters', () => {
  it('are stored sealed, shown masked, and open only where they belong', async () => {
    const { integration, newKey } = await make({ user: 'soc', password: 'p4ssw0rd-of-the-box' });
    expect(newKey).toBeUndefined();
    expect(integration.keyId).toBeNull();
    expect(await everythingStored()).not.toContain('p4ssw0rd-of-the-box');
    expect(maskedParameters(await integrations.get(integration.id))).toEqual({ user: 'soc', password: '********' });
    const sealed = integration.sealed.password!;
    expect(access.vault.open(sealed, `integration:${integration.id}:password`)).toBe('p4ssw0rd-of-the-box');
    expect(() => access.vault.open(sealed, `integration:${integration.id}:token`)).toThrow();
    expect(existsSync(join(folder, SECRET_KEY_FILE))).toBe(true);
  });

  it('stay when the mask or nothing is sent, change when another is sent, go when an optional one is emptied', async () => {
    const { integration } = await make({ user: 'soc', password: 'one', token: 'extra' });
    const open = async (name: string) => {
      const sealed = (await integrations.get(integration.id)).sealed[name];
      return sealed === undefined ? undefined : access.vault.open(sealed, `integration:${integration.id}:${name}`);
    };
    const change = (parameters: Record<string, unknown>) => integrations.update(integration.id, { parameters }, OPERATOR);
    await change({ user: 'other', password: '********', token: null });
    expect([await open('password'), await open('token')]).toEqual(['one', 'extra']);
    await change({ password: 'two', token: '' });
    expect([await open('password'), await open('token')]).toEqual(['two', undefined]);
    await expect(change({ password: ' ' })).rejects.toMatchObject({
      code: 'invalid',
      problems: [{ loc: ['parameters', 'password'] }],
    });
    expect(await open('password')).toBe('two');
  });

  it('that are required must be there, and a mask is none', async () => {
    for (const parameters of [{ user: 'soc' }, { user: 'soc', password: '********' }, { user: 'soc', password: '' }]) {
      await expect(make(parameters)).rejects.toMatchObject({ code: 'invalid', problems: [{ loc: ['parameters', 'password'] }] });
    }
    await expect(make({})).rejects.toMatchObject({
      problems: [{ loc: ['parameters', 'user'] }, { loc: ['parameters', 'password'] }],
    });
    expect(await integrations.list()).toEqual([]);
  });

  it('cannot be stored without the key file, and nothing is stored then', async () => {
    rmSync(join(folder, SECRET_KEY_FILE));
    await expect(make({ user: 'soc', password: 'one' })).rejects.toMatchObject({ code: 'secret_unavailable' });
    expect(await integrations.list()).toEqual([]);
    const { integration } = await integrations.create({ title: 'Soar', type: 'Cortex XSOAR', parameters: {} }, OPERATOR);
    expect(integration.id).toBe(1001);
  });
});
