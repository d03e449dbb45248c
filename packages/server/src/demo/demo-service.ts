import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { IntegrationService } from '../integrations/integration-service.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import type { Task } from '../tasks/task.ts';
import { isOver, type TaskService } from '../tasks/task-service.ts';
import { DEMO_LABELS } from './alerts.ts';
import { DEMO, DEMO_POINTS } from './demo-task.ts';

const TITLE = 'Demo: a made-up SOC';
const INTEGRATION = 'Demo alerts';

/** Demo data as it stands. */
export interface Demo {
  readonly job: Job | undefined;
  /** The work that fills it. */
  readonly task: Task | undefined;
}

/** One use case with made-up alerts: made at once and filled by a task, removed with everything in it. */
export class DemoService {
  readonly #storage: Storage;
  readonly #jobs: JobService;
  readonly #integrations: IntegrationService;
  readonly #tasks: TaskService;

  constructor(storage: Storage, jobs: JobService, integrations: IntegrationService, tasks: TaskService) {
    this.#storage = storage;
    this.#jobs = jobs;
    this.#integrations = integrations;
    this.#tasks = tasks;
  }

  async find(): Promise<Demo> {
    const job = (await this.#jobs.list(EVERYBODY)).find(({ settings }) => settings.demo);
    return { job, task: job && (await this.#tasks.latest(job.id, DEMO)) };
  }

  /** @throws Refusal `refused` where there is demo data already, or the names that it takes are in use. */
  async make(origin: Origin): Promise<Demo> {
    if ((await this.find()).job) throw new Refusal('refused', 'There is demo data already. Remove it before you make new one.');
    const jobId = await this.#storage.write(async (tx) => {
      const draft = { title: INTEGRATION, type: 'External REST API', parameters: {} };
      const { integration } = await this.#integrations.createIn(tx, draft, origin);
      const job = await this.#jobs.createIn(
        tx,
        {
          title: TITLE,
          description: 'Three weeks of made-up alerts, labels and two models, to look around in. Nothing in it is real.',
          labels: DEMO_LABELS.map((name) => ({ name })),
          points: DEMO_POINTS,
          integrations: [{ integrationId: integration.id, role: 'input', enabled: true, settings: {} }],
          settings: { demo: true },
        },
        origin,
      );
      return job.id;
    });
    const job = await this.#jobs.start(jobId, origin);
    const task = await this.#storage.write((tx) =>
      this.#tasks.enqueue(tx, { kind: DEMO, jobId, createdBy: principalId(origin.principal) }),
    );
    return { job, task };
  }

  /** @throws Refusal `not_found` where there is none. */
  async remove(origin: Origin): Promise<void> {
    const { job } = await this.find();
    if (!job) throw new Refusal('not_found', 'There is no demo data to remove.');
    for (const task of await this.#tasks.list(job.id)) {
      if (isOver(task)) continue;
      await this.#tasks.cancel(task.id).catch(overAlready);
      await this.#tasks.finished(task.id);
    }
    await this.#jobs.stop(job.id, origin);
    await this.#jobs.delete(job.id, origin);
    for (const { integrationId } of job.integrations) {
      await this.#integrations.delete(integrationId, origin).catch(usedElsewhere);
    }
  }
}

/** The demo belongs to all who may see use cases; the routes say who that is. */
const EVERYBODY = { kind: 'operator', name: 'operator' } as const;

function overAlready(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== 'refused') throw error;
}

/** Somebody wired it to a use case of their own: then it stays. */
function usedElsewhere(error: unknown): void {
  if (!(error instanceof Refusal) || (error.code !== 'in_use' && error.code !== 'not_found')) throw error;
}
