import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { alertText, labelOf } from './alerts.ts';
import { must } from './report.ts';

/** Where a caller of the service comes from when a bench prepares something. */
export const OPERATOR = { principal: { kind: 'operator', name: 'bench' }, address: 'bench' } as const;

/** A use case that takes events. */
export interface Prepared {
  readonly key: string;
  readonly jobId: number;
}

/** The settings of a service that a bench starts: as shipped, but for the folder, a free port, and warnings only in its log. */
export function benchConfig(dataDir: string): Config {
  return { ...DEFAULTS, dataDir, port: 0, logLevel: 'warn' };
}

/** Runs something with a service over a folder, in this process, and stops it after. */
export async function withService<T>(folder: string, act: (running: Running) => Promise<T>): Promise<T> {
  const config = benchConfig(folder);
  const running = await startService(config, createLog(config));
  try {
    return await act(running);
  } finally {
    await running.stop();
  }
}

/** A folder that is there while something runs. */
export async function withFolder<T>(name: string, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `verdict-bench-${name}-`));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a key, an integration with it and a running use case with these decision points. */
export async function makeJob({ services }: Running, points: readonly string[], title = 'Triage'): Promise<Prepared> {
  const { value, key } = await services.keys.create(OPERATOR, { name: title, kind: 'input' });
  const integrationId = await services.storage.write(async (tx) => {
    const { id } = await tx.run(
      `INSERT INTO integrations (title, type, parameters, key_id, created_at, created_by, updated_at) VALUES (?, 'Cortex XSOAR', '{}', ?, 0, 'bench', 0)`,
      title,
      key.id,
    );
    return id;
  });
  const job = await services.jobs.create(
    { title, points, integrations: [{ integrationId, role: 'input', enabled: true, settings: {} }] },
    OPERATOR,
  );
  await services.jobs.start(job.id, OPERATOR);
  return { key: value, jobId: job.id };
}

/** Sends one alert of each kind from `begin` (0 when absent) up to `kinds` and has one person label it. */
export async function label({ services }: Running, { jobId }: Prepared, kinds: number, begin = 0): Promise<void> {
  const voter = { id: 'user:1', name: 'ann' };
  for (let from = begin; from < kinds; from += 500) {
    const some = Array.from({ length: Math.min(500, kinds - from) }, (_, index) => from + index);
    await Promise.all(some.map((kind) => services.ingest.ingest(incoming(jobId, `k${kind}`, alertText(kind, kind, 1_000)))));
    await Promise.all(
      some.map((kind) =>
        services.feedback.vote(jobId, `k${kind}`, { label: labelOf(kind), voter, through: 'bench', asked: 'import' }),
      ),
    );
  }
}

/** Trains and waits; returns seconds from the request to the active model. */
export async function train({ services }: Running, { jobId }: Prepared): Promise<number> {
  const started = performance.now();
  const asked = await services.training.requestTraining(jobId, OPERATOR);
  must(asked.ok && asked.taskId !== undefined, `Training could not start: ${asked.sentence}`);
  const task = await services.tasks.finished(asked.taskId);
  must(task.state === 'done', `Training ended as ${task.state}: ${task.message}`);
  return (performance.now() - started) / 1000;
}

/** An alert as ingest takes it. */
export function incoming(jobId: number, eventId: string | null, text: string) {
  return {
    jobId,
    eventId,
    body: Buffer.from(text),
    title: null,
    severity: null,
    dataSource: null,
    storageTag: null,
    keyId: null,
    group: null,
    eventAt: null,
  };
}
