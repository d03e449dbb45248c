import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { type ScriptThread, startScriptThread } from './scripts.ts';

/** Who sets up use cases in these tests. */
export const OPERATOR = { principal: { kind: 'operator', name: 'operator' }, address: 'test' } as const;

/** A service, and the scripts of the pack with an instance that points to it. */
export interface ServedScripts {
  readonly running: Running;
  readonly key: string;
  readonly xsoar: ScriptThread;
  /** The parameters of the instance, some of them others. */
  instance(more?: object): Record<string, unknown>;
  /** A use case that takes events from XSOAR, started. */
  newJob(title: string, points?: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

export async function serveScripts(): Promise<ServedScripts> {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-pack-'));
  const config = { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' as const };
  const running = await startService(config, createLog(config));
  const { integrations, jobs } = running.services;
  const made = await integrations.create({ title: 'XSOAR', type: 'Cortex XSOAR', parameters: {} }, OPERATOR);
  const key = made.newKey?.value ?? '';
  const instance = (more: object = {}): Record<string, unknown> => ({
    url: `${running.url}/`,
    credentials: { identifier: '', password: key },
    close_reason_mapping: 'False Positive=Drop\nResolved=Escalate',
    ...more,
  });
  const xsoar = startScriptThread(instance());
  return {
    running,
    key,
    xsoar,
    instance,
    async newJob(title, points = ['rule.name', 'user']) {
      const input = { integrationId: made.integration.id, role: 'input', enabled: true, settings: {} } as const;
      const job = await jobs.create({ title, points, integrations: [input] }, OPERATOR);
      await jobs.start(job.id, OPERATOR);
      return job.id;
    },
    async close() {
      await xsoar.stop();
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
