import type { Logger } from 'pino';
import { KeyService } from './access/key-service.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import { BucketService } from './buckets/bucket-service.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { eventRoutesApp } from './decisions/decision-app.ts';
import { DecisionService } from './decisions/decision-service.ts';
import { decisionRoutesV1, presentDecision } from './decisions/decision-v1.ts';
import { EventPictures } from './decisions/event-picture.ts';
import { Refusal } from './errors.ts';
import { feedbackRoutesApp } from './feedback/feedback-app.ts';
import { FeedbackService } from './feedback/feedback-service.ts';
import { feedbackRoutesV1, readVote } from './feedback/feedback-v1.ts';
import { feedbackRoutesV2 } from './feedback/feedback-v2.ts';
import type { Route } from './http/route.ts';
import type { Authenticate, Observer } from './http/server.ts';
import { EventService } from './ingest/event-service.ts';
import { IngestService } from './ingest/ingest-service.ts';
import { ingestRoutesV1 } from './ingest/ingest-v1.ts';
import { jobRoutesApp } from './jobs/job-app.ts';
import { JobService } from './jobs/job-service.ts';
import { jobRoutesV1 } from './jobs/job-v1.ts';
import type { Storage } from './storage/storage.ts';
import { TaskService } from './tasks/task-service.ts';
import { ModelCache } from './training/model-cache.ts';
import { TrainTask } from './training/train-task.ts';
import { TrainingService } from './training/training-service.ts';

/** All services of one process, each made once; the only place where they meet. */
export interface Services {
  readonly storage: Storage;
  readonly audit: AuditTrail;
  readonly keys: KeyService;
  readonly jobs: JobService;
  readonly buckets: BucketService;
  readonly events: EventService;
  readonly decisions: DecisionService;
  readonly feedback: FeedbackService;
  readonly ingest: IngestService;
  readonly tasks: TaskService;
  readonly training: TrainingService;
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly observeCall: Observer;
  /** Whether somebody can sign in as administrator. */
  hasAdmin(): Promise<boolean>;
  /** Begins the long works, after what an earlier process left. */
  start(): Promise<void>;
  /** The service is about to stop: not ready any more, calls in flight go on. */
  stopping(): void;
  /** Ends the long works in a state from which they go on; the store is closed after it. */
  stop(): Promise<void>;
}

/** Makes the services over an open store. Nothing runs yet: `tasks.start()` begins the long works. */
export function wireServices(options: {
  readonly config: Config;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
}): Services {
  const { config, storage, clock, log } = options;
  const audit = new AuditTrail(clock);
  const keys = new KeyService(storage, clock, audit);
  const authenticate: Authenticate = async (request) => {
    const header = request.headers['x-arcanna-api-key'];
    if (typeof header !== 'string') throw new Refusal('no_key', 'No API key was sent. Send it in the header x-arcanna-api-key.');
    const outcome = await keys.authenticate(header);
    if ('fault' in outcome) throw new Refusal('bad_key', `The API key is ${outcome.fault}.`);
    return outcome.principal;
  };
  const jobs = new JobService(storage, clock, audit);
  const buckets = new BucketService(storage);
  const models = new ModelCache(storage);
  const decisions = new DecisionService(storage, clock, models);
  const events = new EventService(storage);
  const feedback = new FeedbackService(storage, clock, audit, jobs, events, buckets, decisions);
  const ingest = new IngestService(storage, clock, jobs, buckets, decisions, config.queueLimit);
  const pictures = new EventPictures(events, decisions, feedback);
  const trainTask = new TrainTask(storage, clock, jobs, models);
  const tasks = new TaskService(storage, clock, [trainTask], {
    onError: (error, task) => log.error({ err: error, task: task.id, kind: task.kind }, 'task failed'),
  });
  const training = new TrainingService(storage, clock, audit, jobs, tasks, trainTask, models);

  const machineNames = async () => new Set(['dbot']);
  const wantsLegacy = async () => false;

  const routes: Route[] = [
    ...jobRoutesV1({ jobs, trainer: training, authenticate }),
    ...ingestRoutesV1({
      config,
      jobs,
      ingest,
      async decisionView(principal, jobId, eventId) {
        const job = await jobs.get(principal, jobId);
        return presentDecision(job, await pictures.of(job, eventId), await wantsLegacy());
      },
      async vote(call, jobId, eventId, input) {
        const job = await jobs.get(call.principal, jobId);
        await feedback.vote(jobId, eventId, await readVote(call.principal, job, input, 'import', machineNames));
      },
    }),
    ...decisionRoutesV1({ jobs, events, decisions, buckets, pictures, wantsLegacy }),
    ...feedbackRoutesV1({ jobs, feedback, machineNames }),
    ...feedbackRoutesV2({ jobs, feedback, machineNames }),
    ...jobRoutesApp({ jobs }),
    ...eventRoutesApp({ jobs, events, buckets, decisions, feedback, pictures }),
    ...feedbackRoutesApp({ jobs, feedback }),
  ];
  return {
    storage,
    audit,
    keys,
    jobs,
    buckets,
    events,
    decisions,
    feedback,
    ingest,
    tasks,
    training,
    routes,
    authenticate,
    observeCall: () => {},
    hasAdmin: async () => false,
    start: () => tasks.start(),
    stopping() {},
    async stop() {
      await tasks.stop();
      await keys.flush();
    },
  };
}
