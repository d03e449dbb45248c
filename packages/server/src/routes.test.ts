import { SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INPUT_RIGHTS, ROLES, type Role } from './http/principal.ts';
import type { Route } from './http/route.ts';
import { OPERATOR, startTestService, type TestService } from './testing.ts';

/** Walks the tables of routes: what a route says of who may call it is what happens over HTTP. */

let service: TestService;
let routes: readonly Route[];
let everyScope: string;
let everyRight: string;
/** Management keys with one scope, and with all but that. */
const only = new Map<string, string>();
const allBut = new Map<string, string>();
/** Input keys with one right, and with all but that. */
const onlyRight = new Map<string, string>();
const allButRight = new Map<string, string>();
const sessions = new Map<Role, Record<string, string>>();

beforeAll(async () => {
  service = await startTestService();
  const { routes: all, access } = service.running.services;
  routes = all;
  everyScope = await service.managementKey(SCOPES);
  everyRight = (await service.inputKey({ rights: [...INPUT_RIGHTS] })).value;
  for (const scope of SCOPES) {
    only.set(scope, await service.managementKey([scope]));
    allBut.set(scope, await service.managementKey(SCOPES.filter((other) => other !== scope)));
  }
  for (const right of INPUT_RIGHTS) {
    onlyRight.set(right, (await service.inputKey({ rights: [right] })).value);
    allButRight.set(right, (await service.inputKey({ rights: INPUT_RIGHTS.filter((other) => other !== right) })).value);
  }
  for (const role of ROLES) {
    await access.users.add(OPERATOR, { name: role, role, password: 'correct horse battery staple' });
    const session = await access.sessions.signIn(role, 'correct horse battery staple', 'test');
    sessions.set(role, { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf });
  }
});
afterAll(() => service.stop());

/** Values of path parameters, none of which is there. */
const PARAMS: Readonly<Record<string, string>> = { event_id: 'nothing-here', class_id: 'class_9' };

/** The status of a call that names nothing that is there; answers without an end are left at their head. */
async function status({ method, path }: Route, headers: Record<string, string>): Promise<number> {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMS[name] ?? '987654');
  const body = method === 'GET' || method === 'DELETE' ? null : '{}';
  const answer = await fetch(`${service.running.url}${url}`, { method, headers, body });
  await answer.body?.cancel();
  return answer.status;
}

const byKey = (entry: Route, key: string) => status(entry, { 'x-arcanna-api-key': key });

/** One line for each route at which something else happened than should. */
async function wrong(chosen: (entry: Route) => boolean, found: (entry: Route) => Promise<string | null>): Promise<string[]> {
  const some = routes.filter(chosen);
  expect(some.length).toBeGreaterThan(0);
  const lines: string[] = [];
  for (const entry of some) {
    const problem = await found(entry);
    if (problem !== null) lines.push(`${entry.method} ${entry.path}: ${problem}`);
  }
  return lines;
}

const refused = (code: number, is = 403) => (code === is ? null : `answered with ${code}`);
const passed = (code: number) => (code === 401 || code === 403 || code >= 500 ? `answered with ${code}` : null);

describe('every route', () => {
  it('says who may call it, in scopes and roles that there are', () => {
    for (const { right, path } of routes) {
      expect([path, Object.keys(right).length > 0]).toEqual([path, true]);
      if (right.scope !== undefined && right.scope !== 'any') expect(SCOPES).toContain(right.scope);
    }
    const used = new Set(routes.map(({ right }) => right.scope));
    expect(routes.length).toBeGreaterThan(60);
    expect(used.has('any')).toBe(true);
  });

  it('that is not public answers 401 without a key and with an unknown one', async () => {
    const closed = (entry: Route) => entry.right.public !== true;
    expect(await wrong(closed, async (entry) => refused(await status(entry, {}), 401))).toEqual([]);
    expect(await wrong(closed, async (entry) => refused(await byKey(entry, `vrd_${'x'.repeat(43)}`), 401))).toEqual([]);
  });

  it('with a scope refuses a management key without it, whatever else it has, and takes one with it alone', async () => {
    const scoped = ({ right }: Route) => right.scope !== undefined && right.scope !== 'any';
    expect(await wrong(scoped, async (entry) => refused(await byKey(entry, allBut.get(entry.right.scope!)!)))).toEqual([]);
    expect(await wrong(scoped, async (entry) => passed(await byKey(entry, only.get(entry.right.scope!)!)))).toEqual([]);
  });

  it('for any scope takes any management key; one for none takes no management key', async () => {
    expect(
      await wrong(
        ({ right }) => right.scope === 'any',
        async (entry) => passed(await byKey(entry, only.get('read:resources')!)),
      ),
    ).toEqual([]);
    expect(
      await wrong(
        ({ right }) => right.public !== true && right.scope === undefined,
        async (entry) => refused(await byKey(entry, everyScope)),
      ),
    ).toEqual([]);
  });

  it('of v2 but the one that lists scopes refuses input keys', async () => {
    const v2 = ({ path, right }: Route) =>
      path.startsWith('/api/v2/') && right.public !== true && path !== '/api/v2/token/scopes';
    expect(await wrong(v2, async (entry) => refused(await byKey(entry, everyRight)))).toEqual([]);
    const answer = await service.call('GET', '/api/v2/token/scopes', undefined, everyRight);
    expect([answer.status, answer.body]).toEqual([200, []]);
  });

  it('for input keys wants the right; every other refuses them', async () => {
    const taking = ({ right }: Route) => right.input !== undefined && right.input !== 'any';
    expect(await wrong(taking, async (entry) => refused(await byKey(entry, allButRight.get(entry.right.input!)!)))).toEqual([]);
    expect(await wrong(taking, async (entry) => passed(await byKey(entry, onlyRight.get(entry.right.input!)!)))).toEqual([]);
    expect(
      await wrong(
        ({ right }) => right.public !== true && right.input === undefined,
        async (entry) => refused(await byKey(entry, everyRight)),
      ),
    ).toEqual([]);
  });

  it('with a role refuses people below it; one without refuses people', async () => {
    const as = (entry: Route, role: Role) => status(entry, sessions.get(role)!);
    for (const [index, role] of ROLES.entries()) {
      if (index === 0) continue;
      expect(
        await wrong(
          ({ right }) => right.role === role,
          async (entry) => refused(await as(entry, ROLES[index - 1]!)),
        ),
      ).toEqual([]);
    }
    expect(
      await wrong(
        ({ right }) => right.public !== true && right.role === undefined,
        async (entry) => refused(await as(entry, 'admin')),
      ),
    ).toEqual([]);
  });
});
