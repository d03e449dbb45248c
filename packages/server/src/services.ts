import { randomInt, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type Access, createAccess } from './access/access.ts';
import { accessRoutesApp } from './access/access-app.ts';
import { FREE_OF_NAME, LONGEST_WAIT } from './access/guesses.ts';
import type { KeyService } from './access/key-service.ts';
import { sessionRoutesApp } from './access/session-app.ts';
import { IDLE, LONGEST } from './access/session-service.ts';
import { tokenRoutesV2 } from './access/token-v2.ts';
import { activityRoutesApp } from './activity/activity-app.ts';
import { ActivityService } from './activity/activity-service.ts';
import { auditRoutesApp } from './audit/audit-app.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import { BucketService } from './buckets/bucket-service.ts';
import { REBUCKET, RebucketTask } from './buckets/rebucket-task.ts';
import type { Clock } from './clock.ts';
import { codeStepRoutesApp } from './code-steps/code-step-app.ts';
import { CodeStepService } from './code-steps/code-step-service.ts';
import { codeStepRoutesV2 } from './code-steps/code-step-v2.ts';
import { CodeThreads } from './code-steps/code-threads.ts';
import { EnrichTask } from './code-steps/enrich-task.ts';
import type { Config } from './config.ts';
import { eventRoutesApp } from './decisions/decision-app.ts';
import { DecisionService } from './decisions/decision-service.ts';
import { decisionRoutesV1, presentDecision, type WantsLegacy } from './decisions/decision-v1.ts';
import { EventPictures } from './decisions/event-picture.ts';
import { InfluenceService } from './decisions/influence-service.ts';
import { pointsRoutesApp } from './decisions/points-app.ts';
import { PointsPreviewService } from './decisions/points-preview-service.ts';
import { labelName } from './decisions/reasons.ts';
import { reprocessRoutesApp } from './decisions/reprocess-app.ts';
import { ReprocessService } from './decisions/reprocess-service.ts';
import { REPROCESS, ReprocessTask } from './decisions/reprocess-task.ts';
import { demoRoutesApp } from './demo/demo-app.ts';
import { DemoService } from './demo/demo-service.ts';
import { DemoTask } from './demo/demo-task.ts';
import { driftRoutesApp } from './drift/drift-app.ts';
import { DriftService } from './drift/drift-service.ts';
import { feedbackRoutesApp } from './feedback/feedback-app.ts';
import { FeedbackService } from './feedback/feedback-service.ts';
import { feedbackRoutesV1, type MachineNames, readVote } from './feedback/feedback-v1.ts';
import { feedbackRoutesV2 } from './feedback/feedback-v2.ts';
import { watchDrift } from './guard/drift-watch.ts';
import { guardRoutesApp } from './guard/guard-app.ts';
import { GuardService } from './guard/guard-service.ts';
import type { Principal } from './http/principal.ts';
import { baseOf } from './http/read.ts';
import type { Route } from './http/route.ts';
import type { Authenticate, Observer } from './http/server.ts';
import { EventService } from './ingest/event-service.ts';
import { FieldAdviser } from './ingest/field-adviser.ts';
import { ingestRoutesApp } from './ingest/ingest-app.ts';
import { IngestService } from './ingest/ingest-service.ts';
import { ingestRoutesV1 } from './ingest/ingest-v1.ts';
import { PendingEvents } from './ingest/pending-events.ts';
import { integrationRoutesApp } from './integrations/integration-app.ts';
import { IntegrationService } from './integrations/integration-service.ts';
import { jobRoutesApp } from './jobs/job-app.ts';
import { JobService } from './jobs/job-service.ts';
import { jobRoutesV1 } from './jobs/job-v1.ts';
import { jobRoutesV2 } from './jobs/job-v2.ts';
import { Changes } from './live/changes.ts';
import { changesRoutesApp } from './live/changes-app.ts';
import { liveRoutesApp } from './live/live-app.ts';
import { LiveService } from './live/live-service.ts';
import { agentVoteRoutesApp } from './mcp/agent-vote-app.ts';
import { AgentVoteService } from './mcp/agent-vote-service.ts';
import { mcpRoutesApp } from './mcp/mcp-app.ts';
import { readTools } from './mcp/read-tools-app.ts';
import { writeTools } from './mcp/write-tools-app.ts';
import { MetricsService } from './metrics/metrics-service.ts';
import { metricsRoutesV2 } from './metrics/metrics-v2.ts';
import { RecomputeTask } from './metrics/recompute-task.ts';
import { noteRoutesApp } from './notes/note-app.ts';
import { NoteService } from './notes/note-service.ts';
import { noteRoutesV2 } from './notes/note-v2.ts';
import { aboutRoutesApp } from './operations/about-app.ts';
import { backupRoutes } from './operations/backup-app.ts';
import { BackupService } from './operations/backup-service.ts';
import { DiskWatch } from './operations/disk-watch.ts';
import { healthRoutes } from './operations/health-app.ts';
import { healthRoutesV2 } from './operations/health-v2.ts';
import { Metrics, type TrainingOutcome } from './operations/metrics.ts';
import { Readiness } from './operations/readiness.ts';
import { RETENTION_KIND, type RetentionSchedule, RetentionService } from './operations/retention-service.ts';
import { queueRoutesApp } from './queue/queue-app.ts';
import { QueueService } from './queue/queue-service.ts';
import { ResourceService } from './resources/resource-service.ts';
import { resourceRoutesV2 } from './resources/resource-v2.ts';
import { exportRoutesApp } from './search/export-app.ts';
import { removeGone } from './search/gone-store.ts';
import { searchRoutesApp } from './search/search-app.ts';
import { SearchIndex } from './search/search-index.ts';
import { SearchService } from './search/search-service.ts';
import { SearchThreads } from './search/search-threads.ts';
import { searchRoutesV2 } from './search/search-v2.ts';
import { shadowRoutesApp } from './shadow/shadow-app.ts';
import { ShadowService } from './shadow/shadow-service.ts';
import type { Storage } from './storage/storage.ts';
import type { TaskState } from './tasks/task.ts';
import { isOver, TaskService } from './tasks/task-service.ts';
import { taskRoutesApp } from './tasks/tasks-app.ts';
import { curveRoutesApp } from './training/curve-app.ts';
import { CurveService } from './training/curve-service.ts';
import { CurveTask } from './training/curve-task.ts';
import { ModelCache } from './training/model-cache.ts';
import { TRAIN, TrainTask } from './training/train-task.ts';
import { trainingRoutesApp } from './training/training-app.ts';
import { TrainingService } from './training/training-service.ts';
import { VERSION } from './version.ts';
import { viewRoutesApp } from './views/view-app.ts';
import { ViewService } from './views/view-service.ts';

/** All services of one process, each made once; the only place where they meet. */
export interface Services {
  readonly storage: Storage;
  readonly audit: AuditTrail;
  readonly access: Access;
  readonly keys: KeyService;
  readonly integrations: IntegrationService;
  readonly jobs: JobService;
  readonly buckets: BucketService;
  readonly events: EventService;
  readonly decisions: DecisionService;
  readonly feedback: FeedbackService;
  readonly guards: GuardService;
  readonly ingest: IngestService;
  readonly tasks: TaskService;
  readonly training: TrainingService;
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly observeCall: Observer;
  /** Begins the long works, after what an earlier process left. */
  start(): Promise<void>;
  /** Starts the threads and reads the models that the first page would wait for. Never fails. */
  warmUp(): Promise<void>;
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
  const access = createAccess(storage, clock, audit);
  const authenticate: Authenticate = access.authenticator.ofRequest;
  const jobs = new JobService(storage, clock, audit);
  const integrations = new IntegrationService(storage, clock, audit, access.keys, jobs, access.vault);
  const resources = new ResourceService(storage, access.keys, integrations, jobs);
  const buckets = new BucketService(storage);
  const models = new ModelCache(storage);
  const decisions = new DecisionService(storage, clock, models);
  const events = new EventService(storage);
  const feedback = new FeedbackService(storage, clock, audit, jobs, events, buckets, decisions);
  const ingest = new IngestService(storage, clock, jobs, buckets, decisions, config.queueLimit);
  const guards = new GuardService({
    storage,
    clock,
    audit,
    events,
    decisions,
    feedback,
    draw: () => randomInt(2 ** 32) / 2 ** 32,
  });
  ingest.drawBy(guards);
  const pending = new PendingEvents({ storage, clock, jobs, buckets, decisions, feedback, drawer: guards });
  const codeThreads = new CodeThreads();
  const codeSteps = new CodeStepService({
    storage,
    clock,
    audit,
    vault: access.vault,
    jobs,
    events,
    run: (order, signal) => codeThreads.run(order, signal),
    recordMax: config.eventLimit,
  });
  const pictures = new EventPictures(events, decisions, feedback, (job, event, decision, consensus) =>
    guards.automation(job, event, decision, consensus),
  );
  const metrics = new Metrics({ version: VERSION, storage });
  const disk = new DiskWatch(storage.folder, config.diskWarning, log);
  const readiness = new Readiness(storage, () => disk.latest);
  const backups = new BackupService(storage, audit, clock, VERSION);
  const retention = new RetentionService(storage, clock, (removed) => {
    metrics.eventsRemoved(removed);
    decisions.forget();
  });

  const trainTask = new TrainTask(storage, clock, jobs, models);
  const rebucketTask = new RebucketTask(storage, clock, jobs, feedback);
  const reprocessTask = new ReprocessTask(storage, clock, jobs, events, decisions);
  const recomputeTask = new RecomputeTask(storage, clock, () => training, models, events, decisions);
  const enrichTask = new EnrichTask({
    pending,
    steps: (jobId) => codeSteps.runnable(jobId),
    run: (order, signal) => codeThreads.run(order, signal),
    recordMax: config.eventLimit,
  });
  const demoTask = new DemoTask({ clock, jobs, ingest, feedback, guards, tasks: () => tasks, training: () => training });
  const curveTask = new CurveTask(storage, clock, jobs);
  const handlers = [trainTask, rebucketTask, reprocessTask, recomputeTask, enrichTask, retention.handler, demoTask, curveTask];
  const tasks: TaskService = new TaskService(storage, clock, handlers, {
    onError: (error, task) => log.error({ err: error, task: task.id, kind: task.kind }, 'task failed'),
  });
  enrichTask.workWith(tasks);
  ingest.onPending((tx, jobId) => enrichTask.carryOnIn(tx, jobId));
  codeSteps.onChange((jobId) => enrichTask.forgive(jobId));
  jobs.onPointsChanged((tx, jobId, version, origin) => rebucketTask.enqueueIn(tasks, tx, jobId, version, origin));
  const training: TrainingService = new TrainingService(storage, clock, audit, jobs, tasks, trainTask, models);
  const figures = new MetricsService(storage, audit, training, tasks);
  const activity = new ActivityService(storage, clock);
  tasks.onChange((task) => {
    if (CHANGE_EVENTS.has(task.kind) && isOver(task)) activity.forget(task.jobId);
    if (CHANGE_EVENTS.has(task.kind) || task.kind === REBUCKET) figures.changing(task.id, task.jobId, isOver(task));
  });
  const demo = new DemoService(storage, jobs, integrations, tasks);
  const shadow = new ShadowService(storage, clock, audit, jobs, training, models);
  // A shadow that was made the active model is none any more.
  trainTask.onActivated((jobId, modelId) => {
    guards
      .follow(jobId, modelId)
      .catch((error: unknown) => log.error({ err: error, job: jobId }, 'the guard did not follow the new model'));
  });
  trainTask.onActivated((jobId) => {
    shadow.tidy(jobId).catch((error: unknown) => log.error({ err: error, job: jobId }, 'silent decisions could not be removed'));
  });
  const live = new LiveService(storage, training);
  const drift = new DriftService(storage, clock, training);
  const queue = new QueueService(storage, clock);

  const reprocess = new ReprocessService(storage, audit, jobs, events, tasks, reprocessTask);
  const notes = new NoteService(storage, clock, audit, events);
  const searchIndex = new SearchIndex(storage.file, storage.folder, (error) =>
    log.error({ err: error }, 'the search index stopped'),
  );
  searchIndex.onTakenIn((until) => storage.write((tx) => removeGone(tx, until)));
  metrics.watchSearch(() => ({ events: searchIndex.lag, pieces: searchIndex.missing }));
  const searchThreads = new SearchThreads(SEARCH_DEADLINE_MS);
  const fields = new FieldAdviser(events, feedback);
  const search = new SearchService(storage, clock, jobs, searchThreads, searchIndex, async (principal, searched) =>
    // Keys ask for playbooks and reports; people ask for themselves, and may be asked for a blind label next.
    principal.kind === 'user' ? (await Promise.all(searched.map((job) => guards.waitingEvents(job)))).flat() : [],
  );
  const agentVotes = new AgentVoteService(storage, clock, audit, jobs, events, feedback);
  const tools = [
    ...readTools({ jobs, events, buckets, decisions, feedback, pictures, training, metrics: figures, readiness, search, clock }),
    ...writeTools({ jobs, votes: agentVotes, training }),
  ];
  observe({ metrics, ingest, pending, feedback, tasks, disk });
  feedback.onChange(() => buckets.forgetQueues());
  const changes = new Changes(randomUUID());
  tellOf(changes, { ingest, pending, feedback, tasks, jobs });

  const machineNames: MachineNames = (_principal, job) => integrations.machineNames(job);
  const wantsLegacy: WantsLegacy = (principal, job) => integrations.wantsLegacy(principal, job);

  const routes: Route[] = [
    ...sessionRoutesApp({ ...access, changes }),
    ...accessRoutesApp({ ...access, clock }),
    ...tokenRoutesV2(access),
    ...auditRoutesApp({ audit, storage }),
    ...jobRoutesV1({ jobs, trainer: training, authenticate }),
    ...ingestRoutesV1({
      config,
      jobs,
      ingest,
      settled: (seq, milliseconds) => pending.settled(seq, milliseconds),
      async decisionView({ principal, request }, jobId, eventId) {
        const job = await jobs.get(principal, jobId);
        return presentDecision(job, await pictures.of(job, eventId), await wantsLegacy(principal, job), baseOf(request));
      },
      async vote(call, jobId, eventId, input) {
        const job = await jobs.get(call.principal, jobId);
        await feedback.vote(jobId, eventId, await readVote(call.principal, job, input, 'import', machineNames));
      },
    }),
    ...decisionRoutesV1({ jobs, events, decisions, buckets, feedback, pictures, wantsLegacy }),
    ...feedbackRoutesV1({ jobs, feedback, machineNames }),
    ...feedbackRoutesV2({ jobs, feedback, machineNames }),
    ...jobRoutesV2({ jobs, trainer: training }),
    ...metricsRoutesV2({ jobs, metrics: figures, search, clock }),
    ...resourceRoutesV2({ resources, integrations }),
    ...ingestRoutesApp({ config, jobs, ingest, feedback, fields }),
    ...jobRoutesApp({
      jobs,
      drift,
      // Reading a model takes up to a second: it is begun before the first event is looked at.
      opened({ activeModelId }) {
        if (activeModelId !== null) models.get(activeModelId).catch(() => {});
      },
    }),
    ...activityRoutesApp({ jobs, activity }),
    ...demoRoutesApp({ demo }),
    ...integrationRoutesApp({ integrations }),
    ...eventRoutesApp({
      jobs,
      events,
      buckets,
      decisions,
      feedback,
      pictures,
      hides: async (principal, job, eventSeq) => mayLabel(principal) && guards.isWaiting(job, eventSeq),
    }),
    ...feedbackRoutesApp({ jobs, feedback, questions: queue }),
    ...queueRoutesApp({ jobs, events, buckets, decisions, queue }),
    ...pointsRoutesApp({
      jobs,
      previews: new PointsPreviewService(events, feedback),
      influences: new InfluenceService(storage, decisions),
      modelOf: async (principal, jobId, modelId) => training.model((await jobs.get(principal, jobId)).id, modelId),
    }),
    ...guardRoutesApp({ jobs, guards, events, buckets }),
    ...taskRoutesApp({ tasks, audit }),
    ...trainingRoutesApp({ jobs, training }),
    ...curveRoutesApp({ jobs, training, curves: new CurveService(storage, audit, tasks) }),
    ...shadowRoutesApp({
      jobs,
      shadow,
      hidden: async (principal, job) => (mayLabel(principal) ? guards.waitingEvents(job) : []),
    }),
    ...liveRoutesApp({ jobs, live }),
    ...changesRoutesApp({ jobs, changes, authenticate }),
    ...driftRoutesApp({ jobs, drift }),
    ...reprocessRoutesApp({ jobs, reprocess }),
    ...searchRoutesV2({ search, jobs, reprocess }),
    ...codeStepRoutesV2({ steps: codeSteps, jobs }),
    ...codeStepRoutesApp({ steps: codeSteps, jobs }),
    ...searchRoutesApp({ search }),
    ...exportRoutesApp({ jobs, search, audit, storage }),
    ...noteRoutesV2({ notes, jobs }),
    ...noteRoutesApp({ notes, jobs }),
    ...viewRoutesApp({ jobs, views: new ViewService(storage, clock, audit) }),
    ...healthRoutes({ config, readiness, metrics }),
    ...healthRoutesV2({ readiness }),
    ...backupRoutes({ backups }),
    ...aboutRoutesApp({
      version: VERSION,
      startedAt: clock(),
      databaseFile: storage.file,
      searchLag: () => searchIndex.lag,
      sessions: { idle: IDLE, longest: LONGEST },
      guesses: { free: FREE_OF_NAME, longestWait: LONGEST_WAIT },
    }),
    ...agentVoteRoutesApp({ jobs, votes: agentVotes }),
    ...mcpRoutesApp({
      tools,
      version: VERSION,
      onFailure: (error, name) => log.error({ err: error, tool: name }, 'tool failed'),
    }),
  ];
  let stopped = false;
  let sweep: RetentionSchedule | undefined;
  let driftWatch: { stop(): void } | undefined;
  return {
    storage,
    audit,
    access,
    keys: access.keys,
    integrations,
    jobs,
    buckets,
    events,
    decisions,
    feedback,
    guards,
    ingest,
    tasks,
    training,
    routes,
    authenticate,
    observeCall: metrics.answered,
    async start() {
      await access.start();
      await guards.start();
      await tasks.start();
      for (const jobId of await pending.jobs()) await storage.write((tx) => enrichTask.carryOnIn(tx, jobId));
      await disk.start();
      searchIndex.start();
      driftWatch = watchDrift({
        jobs,
        guards,
        drift,
        onError: (error) => log.error({ err: error }, 'drift could not be looked at'),
      });
      sweep = retention.schedule(config.retentionAt, tasks, (error) =>
        log.error({ err: error }, 'retention could not be asked for'),
      );
    },
    async warmUp() {
      try {
        const all = await jobs.list({ kind: 'operator', name: 'warm-up' });
        await search.warmUp(all);
        const deciding = all.filter(({ running, activeModelId }) => running && activeModelId !== null).slice(0, MOST_WARMED);
        // The first event that somebody opens would wait for the model that its reasons come from.
        for (const job of deciding)
          for (const event of await events.list(job.id, { limit: 1 })) await pictures.ofEvent(job, event);
        await queue.warmUp(deciding);
      } catch (error) {
        if (!stopped) log.warn({ err: error }, 'what the first page waits for could not be warmed up');
      }
    },
    stopping() {
      stopped = true;
      readiness.stop();
      changes.end();
    },
    async stop() {
      sweep?.stop();
      driftWatch?.stop();
      disk.stop();
      await searchThreads.stop();
      await queue.stop();
      await fields.stop();
      await searchIndex.stop();
      await tasks.stop();
      await codeThreads.stop();
      await access.stop();
    },
  };
}

/** Kinds of tasks that give stored events other decisions, or remove them. */
const CHANGE_EVENTS: ReadonlySet<string> = new Set([REPROCESS, RETENTION_KIND]);

/** Who may give a blind label, and so must not see what it is asked about. */
function mayLabel(principal: Principal): boolean {
  return principal.kind === 'management' ? principal.scopes.has('write:event_feedback') : principal.kind !== 'input';
}

/** How long one search may run. */
const SEARCH_DEADLINE_MS = 30_000;
/** Use cases whose first event and questions are made ready at the start. */
const MOST_WARMED = 2;

/** What happens in the services, as numbers for the metrics. */
function observe(parts: {
  readonly metrics: Metrics;
  readonly ingest: IngestService;
  readonly pending: PendingEvents;
  readonly feedback: FeedbackService;
  readonly tasks: TaskService;
  readonly disk: DiskWatch;
}): void {
  const { metrics, ingest, pending, feedback, tasks, disk } = parts;
  metrics.watchQueue(() => ingest.depth);
  metrics.watchDisk(() => disk.low);
  ingest.observe((ingested, seconds) => {
    for (const { event, job, classNo, pending: waits } of ingested) {
      metrics.eventsIngested(1, event.outcome);
      if (event.outcome === 'repeated' || waits) continue;
      metrics.decision(classNo === null ? 'no_decision' : labelName(job, classNo));
      metrics.decisionSeconds(seconds / ingested.length);
    }
  });
  pending.observe((settled) => {
    for (const { job, classNo } of settled) metrics.decision(classNo === null ? 'no_decision' : labelName(job, classNo));
  });
  feedback.observe((_job, { agreed }) =>
    metrics.feedback(agreed === undefined ? 'no_decision' : agreed ? 'agreed' : 'disagreed'),
  );
  const trainings = new Map<number, ReturnType<Metrics['trainingStarted']>>();
  tasks.onChange((task) => {
    if (task.kind !== TRAIN) return;
    if (task.state === 'running' && !trainings.has(task.id)) trainings.set(task.id, metrics.trainingStarted());
    const ended = OUTCOMES[task.state];
    if (!ended) return;
    trainings.get(task.id)?.(ended, ((task.finishedAt ?? 0) - (task.startedAt ?? 0)) / 1e6);
    trainings.delete(task.id);
  });
}

/** What pages hear of. */
function tellOf(
  changes: Changes,
  parts: {
    readonly ingest: IngestService;
    readonly pending: PendingEvents;
    readonly feedback: FeedbackService;
    readonly tasks: TaskService;
    readonly jobs: JobService;
  },
): void {
  parts.ingest.observe((ingested) => {
    const counts = new Map<number, number>();
    for (const { event, job } of ingested) if (event.outcome !== 'repeated') counts.set(job.id, (counts.get(job.id) ?? 0) + 1);
    for (const [jobId, count] of counts) changes.countEvents(jobId, count);
  });
  // A decided one is news too: pages that show it as pending look again.
  parts.pending.observe((settled) => {
    const [first] = settled;
    if (first) changes.countEvents(first.job.id, settled.length);
  });
  parts.feedback.onChange((jobId, { eventId, bucketId, by }) =>
    changes.tell({ kind: 'feedback', jobId, data: { event_id: eventId, bucket_id: bucketId, by } }),
  );
  parts.jobs.onChange((jobId) => changes.tell({ kind: 'job', jobId, data: {} }));
  parts.tasks.onChange((task) => {
    if (task.jobId === null) return;
    changes.tell({ kind: 'task', jobId: task.jobId, data: { task_id: task.id, kind: task.kind, state: task.state } });
  });
}

const OUTCOMES: Readonly<Partial<Record<TaskState, TrainingOutcome>>> = {
  done: 'finished',
  failed: 'failed',
  cancelled: 'cancelled',
};
