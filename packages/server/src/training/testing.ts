/** A small world for tests of long work: a store in a folder of its own with the real services over it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditTrail } from '../audit/audit-trail.ts';
import { BucketService } from '../buckets/bucket-service.ts';
import { RebucketTask } from '../buckets/rebucket-task.ts';
import { DecisionService } from '../decisions/decision-service.ts';
import { ReprocessTask } from '../decisions/reprocess-task.ts';
import { FeedbackService } from '../feedback/feedback-service.ts';
import type { Origin } from '../http/principal.ts';
import { EventService } from '../ingest/event-service.ts';
import { IngestService } from '../ingest/ingest-service.ts';
import type { Job } from '../jobs/job.ts';
import { type JobDraft, JobService } from '../jobs/job-service.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { TaskService } from '../tasks/task-service.ts';
import { CurveService } from './curve-service.ts';
import { CurveTask } from './curve-task.ts';
import { ModelCache } from './model-cache.ts';
import { TrainTask } from './train-task.ts';
import { TrainingService } from './training-service.ts';

export const LEAD: Origin = { principal: { kind: 'user', userId: 1, name: 'lea', role: 'lead' }, address: 'app 127.0.0.1' };

/** Services over one open store, as one process has them. */
export type World = Awaited<ReturnType<typeof openWorld>>;

/** Opens the services over a folder; `startTasks` false leaves tasks waiting until `tasks.start()`. */
export async function openWorld(folder = mkdtempSync(join(tmpdir(), 'verdict-world-')), startTasks = true) {
  const storage = openSqlite(folder);
  let now = 1_700_000_000_000_000;
  const clock = () => ++now;
  const audit = new AuditTrail(clock);
  const jobs = new JobService(storage, clock, audit);
  const buckets = new BucketService(storage);
  const models = new ModelCache(storage);
  const decisions = new DecisionService(storage, clock, models);
  const events = new EventService(storage);
  const feedback = new FeedbackService(storage, clock, audit, jobs, events, buckets, decisions);
  const ingest = new IngestService(storage, clock, jobs, buckets, decisions, 10_000);
  const train = new TrainTask(storage, clock, jobs, models);
  const rebucket = new RebucketTask(storage, clock, jobs, feedback, { window: 7, perUnit: 3 });
  const reprocess = new ReprocessTask(storage, clock, jobs, events, decisions);
  const errors: unknown[] = [];
  const tasks = new TaskService(storage, clock, [train, rebucket, reprocess, new CurveTask(storage, clock, jobs)], {
    progressMs: 5,
    onError: (error) => errors.push(error),
  });
  const training = new TrainingService(storage, clock, audit, jobs, tasks, train, models, 300);
  const curves = new CurveService(storage, audit, tasks);
  jobs.onPointsChanged(async (tx, jobId, version, origin) => rebucket.enqueueIn(tasks, tx, jobId, version, origin));
  if (startTasks) await tasks.start();
  return {
    folder,
    storage,
    clock,
    audit,
    jobs,
    buckets,
    models,
    decisions,
    events,
    feedback,
    ingest,
    train,
    rebucket,
    reprocess,
    tasks,
    training,
    curves,
    errors,
    /** Stops the tasks and closes the store, as a stop of the service does. */
    async close() {
      await tasks.stop();
      await storage.close();
    },
    /** Closes and removes the folder. */
    async remove() {
      await tasks.stop();
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A running job with an input integration. */
export async function makeJob(world: World, draft: Partial<JobDraft> & { title?: string } = {}): Promise<Job> {
  const title = draft.title ?? 'Triage';
  await makeInput(world.storage);
  const job = await world.jobs.create(
    { ...draft, title, integrations: [{ integrationId: 1, role: 'input', enabled: true, settings: {} }] },
    LEAD,
  );
  return world.jobs.start(job.id, LEAD);
}

async function makeInput(storage: Storage): Promise<void> {
  await storage.write((tx) =>
    tx.run(
      `INSERT INTO integrations (id, title, type, parameters, created_at, created_by, updated_at) VALUES (1, 'SOAR', 'Cortex XSOAR', '{}', 0, 'test', 0)
       ON CONFLICT (id) DO NOTHING`,
    ),
  );
}

/** Sends one alert; returns the number of its row. */
export async function send(
  world: World,
  jobId: number,
  eventId: string,
  alert: unknown,
  group: string | null = null,
): Promise<number> {
  const ingested = await world.ingest.ingest({
    jobId,
    eventId,
    body: Buffer.from(JSON.stringify(alert)),
    title: null,
    severity: null,
    dataSource: null,
    storageTag: null,
    keyId: null,
    group,
    eventAt: null,
  });
  return ingested.seq;
}

/** One person's vote. */
export const vote = (world: World, jobId: number, eventId: string, label: string, voter = 'ann') =>
  world.feedback.vote(jobId, eventId, { label, voter: { id: `user:${voter}`, name: voter }, through: 'app', asked: 'self' });

/** Waits until nothing waits or runs; the newest task. */
export async function idle(world: World): Promise<void> {
  for (;;) {
    const open = (await world.tasks.list()).find((task) => task.state === 'waiting' || task.state === 'running');
    if (!open) return;
    await world.tasks.finished(open.id);
  }
}
