import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDoors } from './doors.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'doors-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const ALL = ['contract', 'engine', 'server', 'client', 'web', 'xsoar', 'cli'];

/** Lays out packages that declare each other and `files`, then checks them. A path outside of packages/ and bench/ is of the server. */
function check(files: Record<string, string>): string[] {
  const dependencies = Object.fromEntries(ALL.map((name) => [`@verdict/${name}`, '0.1.0']));
  for (const name of ALL) put(`packages/${name}/package.json`, JSON.stringify({ dependencies }));
  for (const [path, text] of Object.entries(files))
    put(/^(packages|bench)\//.test(path) ? path : `packages/server/src/${path}`, text);
  return checkDoors(root);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Does `packages/<from>/src/a.ts` get away with importing `specifier`? */
function mayImport(from: string, specifier: string, file = 'a.ts'): boolean {
  const problems = check({ [`packages/${from}/src/${file}`]: `import { x } from '${specifier}';\n` });
  rmSync(join(root, 'packages'), { recursive: true });
  return problems.length === 0;
}

describe('between the rooms', () => {
  it('opens exactly the doors of the table', () => {
    const open = ALL.flatMap((from) =>
      [...ALL, 'server/local'].filter((to) => from !== to && mayImport(from, `@verdict/${to}`)).map((to) => `${from} → ${to}`),
    );
    expect(open).toEqual([
      'server → contract',
      'server → engine',
      'client → contract',
      'web → client',
      'xsoar → contract',
      'cli → client',
      'cli → xsoar',
      'cli → server/local',
    ]);
  });

  it('lets tests of what talks to the service start a real one, and tests of the engine nothing', () => {
    expect(mayImport('client', '@verdict/server/local', 'a.test.ts')).toBe(true);
    expect(mayImport('cli', '@verdict/server', 'a.test.ts')).toBe(true);
    expect(mayImport('engine', '@verdict/contract', 'a.test.ts')).toBe(false);
  });

  it.each([
    ['a type', "import type { X } from '@verdict/server';"],
    ['a re-export', "export * from '@verdict/server';"],
    ['for its effects', "import '@verdict/server';"],
    ['later', "const s = await import('@verdict/server');"],
    ['over several lines', "import {\n  one,\n  type Two,\n} from '@verdict/server';"],
    ['by a path', "import { x } from '../../server/src/x.ts';"],
    ['by the path of a worker', "new Worker(new URL('../../server/src/x.ts', import.meta.url));"],
  ])('counts an import of %s', (_, statement) => {
    const problems = check({ 'packages/client/src/a.ts': `${statement}\n`, 'packages/server/src/x.ts': '' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^packages\/client\/src\/a\.ts imports /);
  });

  it('says which doors there are', () => {
    expect(check({ 'packages/web/src/a.ts': "import { x } from '@verdict/engine';\n" })).toEqual([
      'packages/web/src/a.ts imports @verdict/engine: web may import client, client/browser of ours',
    ]);
  });

  it('is not misled by comments and strings', () => {
    const text =
      "/**\n * import { x } from '@verdict/server'\n */\n// import('@verdict/server')\nconst data = new URL('../../../../data/x.gz', import.meta.url);\n";
    expect(check({ 'packages/engine/src/a.ts': text })).toEqual([]);
  });

  it('refuses a library that the package does not name, but not to its tests', () => {
    const text = "import { x } from '@scope/lib/part';\nimport { readFileSync } from 'node:fs';\n";
    expect(check({ 'packages/engine/src/a.ts': text, 'packages/engine/src/a.test.ts': text })).toEqual([
      'packages/engine/src/a.ts imports @scope/lib/part: packages/engine/package.json does not name @scope/lib among its dependencies',
    ]);
  });

  it('lets a bench import anything, and asks for a row for a new package', () => {
    expect(
      check({ 'bench/a.ts': "import { x } from '@verdict/server';\nimport { y } from '../packages/server/src/y.ts';\n" }),
    ).toEqual([]);
    put('packages/new/package.json', '{}');
    expect(check({ 'packages/new/src/a.ts': "import './b.ts';\n" })[0]).toContain('has no row in the table');
  });
});

describe('inside the server', () => {
  it('accepts routes → service → store and features that meet at their services', () => {
    const files = {
      'services.ts': "import { JobStore } from './jobs/job-store.ts';\nimport { JobService } from './jobs/job-service.ts';\n",
      'jobs/job-v1.ts':
        "import { JobService } from './job-service.ts';\nimport type { JobV1 } from '@verdict/contract';\nimport '../http/route.ts';\n",
      'jobs/job-service.ts':
        "import type { JobStore } from './job-store.ts';\nimport { audit } from '../audit/audit-service.ts';\n",
      'jobs/job-store.ts': "import type { Job } from './job.ts';\nimport { prepare } from '../storage/statements.ts';\n",
      'jobs/job.ts': "import { isId } from '@verdict/contract';\n",
      'jobs/job-store.test.ts':
        "import { JobService } from './job-service.ts';\nimport { OtherStore } from '../audit/audit-store.ts';\n",
      'audit/audit-service.ts': '',
      'audit/audit-store.ts': '',
      'storage/statements.ts': '',
      'http/route.ts': '',
    };
    expect(check(files)).toEqual([]);
  });

  it.each([
    ['jobs/job-store.ts', './job-service.ts', 'from a store file no door leads to a service file'],
    ['jobs/job-store.ts', './job-v1.ts', 'from a store file no door leads to a route file'],
    ['jobs/job-service.ts', './job-app.ts', 'from a service file no door leads to a route file'],
    ['jobs/job-v2.ts', './job-store.ts', 'from a route file no door leads to a store file'],
    ['jobs/job.ts', './job-store.ts', 'from a domain file no door leads to a store file'],
    ['jobs/job.ts', '../http/server.ts', 'a domain file is pure and knows no http'],
    ['jobs/limits.ts', './job-v1.ts', 'from a part file no door leads to a route file'],
    [
      'ingest/ingest-service.ts',
      '../jobs/job-store.ts',
      'a store is imported in its own folder only, and by services.ts, which wires it',
    ],
    ['main.ts', './jobs/job-store.ts', 'a store is imported in its own folder only, and by services.ts, which wires it'],
    ['http/server.ts', '../jobs/job-service.ts', 'http knows no feature'],
    ['http/server.ts', '../jobs/limits.ts', 'http knows no feature'],
    ['storage/storage.ts', '../jobs/job.ts', 'storage knows neither features nor http'],
    ['jobs/limits.ts', './testing.ts', 'only tests may import what is there for tests'],
  ])('refuses %s → %s, even for a type', (from, specifier, reason) => {
    const rooms = ['job-store.ts', 'job-service.ts', 'job-v1.ts', 'job-app.ts', 'job.ts', 'limits.ts', 'testing.ts'];
    const files = Object.fromEntries([...rooms.map((name) => [`jobs/${name}`, '']), ['http/server.ts', '']]);
    const problems = check({ ...files, [from]: `import type { X } from '${specifier}';\n` });
    expect(problems).toEqual([`packages/server/src/${from} imports ${specifier}: ${reason}`]);
  });

  it('lets a domain file name the types of the storage, and nothing that does something', () => {
    const files = { 'storage/storage.ts': '', 'jobs/job-store.ts': '', 'tasks/task-store.ts': '' };
    const a = { 'jobs/job.ts': "import type { Tx } from '../storage/storage.ts';\n" };
    const b = { 'tasks/task.ts': "import { open } from '../storage/storage.ts';\n" };
    expect(check({ ...files, ...a, ...b })).toEqual([
      'packages/server/src/tasks/task.ts imports ../storage/storage.ts: a domain file is pure and knows no storage',
    ]);
  });

  it('keeps types of the wire out of domain and store files', () => {
    const text = "import { isId, type JobV1 } from '@verdict/contract';\n";
    expect(
      check({ 'jobs/job.ts': text, 'jobs/job-store.ts': text, 'jobs/job-v1.ts': text, 'jobs/job-service.ts': text }),
    ).toEqual([
      'packages/server/src/jobs/job-store.ts imports @verdict/contract: a store file knows no types of the wire; the routes translate',
      'packages/server/src/jobs/job.ts imports @verdict/contract: a domain file knows no types of the wire; the routes translate',
    ]);
  });
});

describe('circles', () => {
  it('shows the way around, once', () => {
    const files = {
      'packages/engine/src/a.ts': "import { b } from './b.ts';\n",
      'packages/engine/src/b.ts': "export { c } from './c.ts';\n",
      'packages/engine/src/c.ts': "import './a.ts';\nimport './outside.ts';\n",
      'packages/engine/src/outside.ts': '',
    };
    expect(check(files)).toEqual([
      'circle: packages/engine/src/a.ts → packages/engine/src/b.ts → packages/engine/src/c.ts → packages/engine/src/a.ts',
    ]);
  });

  it('follows package names, and finds a file that imports itself', () => {
    const files = {
      'packages/engine/src/index.ts': "import './self.ts';\n",
      'packages/engine/src/self.ts': "import { x } from './index.ts';\nimport { y } from './self.ts';\n",
      'bench/b.ts': "import { x } from '@verdict/engine';\n",
    };
    expect(check(files)).toEqual([
      'circle: packages/engine/src/index.ts → packages/engine/src/self.ts → packages/engine/src/index.ts',
    ]);
  });

  it('does not count what is erased or loaded later', () => {
    const files = {
      'packages/engine/src/a.ts': "import { b } from './b.ts';\n",
      'packages/engine/src/b.ts': "import type { A } from './a.ts';\n",
      'packages/engine/src/c.ts': "import { a } from './a.ts';\nconst late = () => import('./c.ts');\n",
    };
    expect(check(files)).toEqual([]);
  });
});
