import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SOCKET_FILE } from '../service.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

// Thousands of alerts and two trainings, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 240_000 });

describe('demo data', () => {
  let service: TestService;
  let operator: VerdictClient;

  beforeAll(async () => {
    service = await startTestService();
    operator = new VerdictClient({ socketPath: join(service.folder, SOCKET_FILE) });
  });
  afterAll(() => service.stop());

  it('is made in one call, filled by a task, and marked', async () => {
    expect(await operator.app.demo()).toEqual({ job_id: null, task: null });
    const made = await operator.app.makeDemo();
    const task = await service.running.services.tasks.finished(made.task!.task_id);
    expect([task.state, task.message]).toEqual(['done', expect.stringContaining('made-up')]);
    const job = await operator.app.job(made.job_id!);
    expect(job).toMatchObject({ demo: true, events: 3_003, status: 'ENABLED' });
    const models = await operator.app.models(job.job_id);
    expect(models.length).toBe(2);
    expect(models[0]?.comparison).not.toBeNull();
    const { guards, waiting } = await operator.app.guards(job.job_id);
    expect(guards.map(({ label }) => label)).toEqual(['Drop']);
    expect(waiting).toBeGreaterThan(0);
    // The last alerts are decided, and as the alerts' own times have it they reach up to now.
    const { events } = await operator.app.events(job.job_id, { limit: 1 });
    expect(events[0]?.decision.result).not.toBe('no_decision');
  });

  it('is there once at a time', async () => {
    await expect(operator.app.makeDemo()).rejects.toThrow('There is demo data already');
  });

  it('is removed with everything in it, and its use case and integration are gone', async () => {
    await operator.app.removeDemo();
    expect(await operator.app.jobs()).toEqual([]);
    expect(await operator.app.integrations()).toEqual([]);
    await expect(operator.app.removeDemo()).rejects.toThrow('There is no demo data');
  });

  it('can be removed while it is being filled, and made again', async () => {
    await operator.app.makeDemo();
    await operator.app.removeDemo();
    expect(await operator.app.demo()).toEqual({ job_id: null, task: null });
    const { job_id: jobId } = await operator.app.makeDemo();
    expect(jobId).not.toBeNull();
    await service.running.services.jobs.stop(jobId!, OPERATOR);
    await operator.app.removeDemo();
  });
});
