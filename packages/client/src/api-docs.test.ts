import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { createLog, DEFAULTS, type Running, SOCKET_FILE, startService } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VerdictClient } from './index.ts';

/** Runs every example of docs/api.md and of the README as it stands, in order, against a real service. */

const ROOT = join(import.meta.dirname, '../../..');
const run = promisify(execFile);

interface Example {
  readonly language: string;
  readonly heading: string;
  readonly text: string;
}

const examples = examplesOf(readFileSync(join(ROOT, 'docs/api.md'), 'utf8'));
/** What each example must print, by heading and language. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'Set up a use case': {
    sh: /"status":"OK".*Endpoint alerts \(curl\)/s,
    ts: /integration SOAR \(TypeScript\)[\s\S]*job Endpoint alerts \(TypeScript\)/,
    python: /\('job', 'Endpoint alerts \(Python\)'\)/,
  },
  'Send an alert, take the decision': {
    sh: /"event_id":"alert-1".*"result":"no_decision"/s,
    ts: /^no_decision$/m,
    python: /^OK no_decision$/m,
  },
  'Give feedback, train': { sh: /"status":"updated".*"status":"ERROR"/s, ts: /^updated .*label/m, python: /^updated .*label/m },
  'Ask about events': {
    sh: /"total_count":1/,
    ts: /"key":"Encoded command","doc_count":1/,
    python: /^1 \{'rule.name': 'Encoded command', 'host.os': 'windows'\}$/m,
  },
  'Run code on each alert before the decision': {
    sh: /"stderr":"".*"office\\":\\"lyon/s,
    ts: /^1 \{"n":2\}$/m,
    python: /"seen":"\d+"\} $/m,
  },
  "What people's own clients use": {
    sh: /Endpoint alerts \(curl\)/,
    ts: /"Encoded command"[\s\S]*ada: Drop[\s\S]*404 There is no event/,
    python: /^404 There is no AI use case/m,
  },
};

let folder: string;
let running: Running;
let key: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-api-docs-'));
  const config = { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
  const operator = new VerdictClient({ socketPath: join(folder, SOCKET_FILE) });
  ({ value: key } = await operator.app.createKey({ name: 'docs', kind: 'management' }));
});

afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('docs/api.md', () => {
  it('has an example in each language for each thing that is expected of it', () => {
    const there = examples.map(({ heading, language }) => `${heading}: ${language}`);
    const expected = Object.entries(EXPECTED).flatMap(([heading, by]) =>
      Object.keys(by).map((language) => `${heading}: ${language}`),
    );
    expect(there).toEqual(expected);
  });

  for (const example of examples) {
    const { heading, language } = example;
    it.skipIf(!has(language))(`runs: ${heading}, ${language}`, async () => {
      const { stdout, stderr } = await perform(example);
      expect(`${stdout}${stderr}`).toMatch(EXPECTED[heading]![language]!);
    });
  }
});

it('the example of the README runs', async () => {
  const [first] = examplesOf(readFileSync(join(ROOT, 'packages/client/README.md'), 'utf8'));
  const operator = new VerdictClient({ socketPath: join(folder, SOCKET_FILE) });
  const { integration } = await operator.app.createIntegration({ title: 'README', type: 'External REST API' });
  const { job_id } = await operator.app.createJob({
    title: 'README',
    integrations: [{ integration_id: integration.integration_id }],
  });
  await operator.app.startJob(job_id);
  const text = first!.text.replaceAll('1201', String(job_id)).replaceAll('http://localhost:9666', running.url);
  expect((await perform({ ...first!, text })).stderr).toBe('');
  expect((await operator.app.event(job_id, 'alert-4711')).feedback).toMatchObject([{ by: 'alice', label: 'Drop' }]);
});

/** Runs an example with the variables that it is said to need. */
async function perform({ language, text }: Example): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, VERDICT_URL: running.url, VERDICT_KEY: key, VERDICT_API_KEY: key, NODE_NO_WARNINGS: '1' };
  const options = { cwd: ROOT, env, timeout: 60_000 };
  if (language === 'sh') return run('bash', ['-eu', '-c', text], options);
  if (language === 'python') return run('python3', ['-c', text], options);
  return run(process.execPath, ['--conditions=source', '--input-type=module-typescript', '-e', text], options);
}

/** Whether a machine has what runs a language; CI sees to it that it does. */
function has(language: string): boolean {
  const tools = { sh: ['bash', 'curl'], python: ['python3'] }[language] ?? [];
  return tools.every((tool) => (process.env.PATH ?? '').split(delimiter).some((path) => existsSync(join(path, tool))));
}

function examplesOf(markdown: string): Example[] {
  const found: Example[] = [];
  let heading = '';
  for (const match of markdown.matchAll(/^## (.+)$|^```(sh|ts|python)\n([\s\S]*?)^```$/gm)) {
    if (match[1] !== undefined) heading = match[1];
    else found.push({ heading, language: match[2]!, text: match[3]! });
  }
  return found;
}
