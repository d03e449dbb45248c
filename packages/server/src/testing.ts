import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { KeyDraft } from './access/key.ts';
import { type Clock, wallClock } from './clock.ts';
import { type Config, DEFAULTS } from './config.ts';
import type { Origin } from './http/principal.ts';
import type { Job } from './jobs/job.ts';
import type { JobDraft } from './jobs/job-service.ts';
import { type Running, startService } from './service.ts';

/** Somebody at the machine itself: may do everything. */
export const OPERATOR: Origin = { principal: { kind: 'operator', name: 'operator' }, address: 'test' };

/** What a test sees of an answer. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

/** A real service on a free port of loopback, over a folder of its own. */
export interface TestService {
  readonly running: Running;
  readonly folder: string;
  readonly config: Config;
  /** Sends a call; an object is sent as JSON, text and bytes as they are. */
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    key?: string | null,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  /** Makes an input key tied to a new integration; returns its value. */
  inputKey(draft?: Partial<KeyDraft>): Promise<{ value: string; keyId: number; integrationId: number }>;
  managementKey(scopes: readonly string[]): Promise<string>;
  /** Makes and starts a job whose input is the integration. */
  job(integrationId: number, draft?: Partial<JobDraft>): Promise<Job>;
  /** Waits until the job's training has ended; fails after 30 seconds. */
  trained(jobId: number): Promise<Job>;
  /** Stops and starts again over the same folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

let made = 0;

/** Starts one. `folder` = over data that is there already. */
export async function startTestService(
  settings: Partial<Config> = {},
  clock: Clock = wallClock,
  folder = mkdtempSync(join(tmpdir(), 'verdict-test-')),
): Promise<TestService> {
  const config: Config = { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent', ...settings };
  let running = await startService(config, pino({ level: 'silent' }), clock);
  let key: string | null = null;

  const test: TestService = {
    get running() {
      return running;
    },
    folder,
    config,
    async call(method, path, body, withKey = key, headers = {}) {
      const init: RequestInit = {
        method,
        headers: { ...(withKey === null ? {} : { 'x-arcanna-api-key': withKey }), ...headers },
      };
      if (body !== undefined)
        init.body = typeof body === 'string' ? body : body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body);
      const response = await fetch(`${running.url}${path}`, init);
      const text = await response.text();
      const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && text !== '';
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
    },
    async inputKey(draft = {}) {
      const name = `key ${++made}`;
      const { key: stored, value } = await running.services.keys.create(OPERATOR, { name, kind: 'input', ...draft });
      const integrationId = await running.services.storage.write(
        async (tx) =>
          (
            await tx.run(
              `INSERT INTO integrations (id, title, type, parameters, key_id, created_at, created_by, updated_at) VALUES (?, ?, 'Cortex XSOAR', '{}', ?, 0, 'test', 0)`,
              5000 + made,
              `integration ${made}`,
              stored.id,
            )
          ).id,
      );
      key ??= value;
      return { value, keyId: stored.id, integrationId };
    },
    async managementKey(scopes) {
      const { value } = await running.services.keys.create(OPERATOR, { name: `key ${++made}`, kind: 'management', scopes });
      return value;
    },
    async job(integrationId, draft = {}) {
      const { jobs } = running.services;
      const job = await jobs.create(
        {
          points: ['rule.name', 'user'],
          integrations: [{ integrationId, role: 'input', enabled: true, settings: {} }],
          ...draft,
          title: draft.title ?? `Job ${++made}`,
        },
        OPERATOR,
      );
      return jobs.start(job.id, OPERATOR);
    },
    async trained(jobId) {
      for (let turn = 0; turn < 1_200; turn++) {
        const job = await running.services.jobs.find(jobId);
        if (job && job.trainState !== 'RETRAIN_STARTED') return job;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('The training did not end within a minute.');
    },
    async restart() {
      await running.stop();
      running = await startService(config, pino({ level: 'silent' }), clock);
    },
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}
