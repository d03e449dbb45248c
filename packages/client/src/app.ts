import type {
  AppAbout,
  AppActivity,
  AppActivityQuery,
  AppAgentVote,
  AppAgentVoteSettled,
  AppAuditAnswer,
  AppAuditPage,
  AppAuditQuery,
  AppAudits,
  AppAuditVerdict,
  AppBuckets,
  AppBucketsAsked,
  AppBucketsFound,
  AppBucketsQuery,
  AppCaller,
  AppCodeStep,
  AppCodeStepChange,
  AppCodeStepDetails,
  AppCounts,
  AppCountsRequest,
  AppDefaultView,
  AppDemo,
  AppDone,
  AppDrift,
  AppEnded,
  AppEvent,
  AppEvents,
  AppEventsQuery,
  AppFields,
  AppGuardSwitch,
  AppGuards,
  AppGuardWish,
  AppImported,
  AppInfluence,
  AppIntegration,
  AppIntegrationChange,
  AppIntegrationCreate,
  AppIntegrationTypeList,
  AppIntegrationWritten,
  AppJob,
  AppJobChange,
  AppJobCreate,
  AppKey,
  AppKeyChange,
  AppKeyDraft,
  AppLearningCurve,
  AppLive,
  AppModel,
  AppNewKey,
  AppNotes,
  AppOverrule,
  AppOwnPassword,
  AppPointsPreview,
  AppQueue,
  AppReprocess,
  AppReprocessed,
  AppSetup,
  AppSetupState,
  AppShadowReport,
  AppSignIn,
  AppTask,
  AppTasksQuery,
  AppTraining,
  AppTrainRequested,
  AppUser,
  AppUserChange,
  AppUserDraft,
  AppView,
  AppViewChange,
  AppViewDraft,
  AppViews,
  AppVote,
  AppVoted,
  AppVotes,
  AppVotesDone,
  BackupList,
  BackupMade,
} from '@verdict/contract';
import { part, type Requester } from './requester.ts';

const JOBS = '/api/app/jobs';

/** What people's own clients use: the web app, the command line. Needs a management key, a session, or the operator's socket. */
export class App {
  readonly #send: Requester;

  constructor(requester: Requester) {
    this.#send = requester;
  }

  // Sessions, for browsers: the cookie comes and goes with the answers ---------------------------------------------------------------

  signIn(credentials: AppSignIn): Promise<AppCaller> {
    return this.#send.json('POST', '/api/app/session', { body: credentials });
  }

  /** Whether the first administrator is still to be made. */
  setupState(): Promise<AppSetupState> {
    return this.#send.json('GET', '/api/app/setup');
  }

  /** Makes the first administrator and signs them in. */
  setUp(setup: AppSetup): Promise<AppCaller> {
    return this.#send.json('POST', '/api/app/setup', { body: setup });
  }

  /** Who is signed in, and what they may do. */
  session(): Promise<AppCaller> {
    return this.#send.json('GET', '/api/app/session');
  }

  async signOut(): Promise<void> {
    await this.#send.text('DELETE', '/api/app/session', { repeatable: false });
  }

  changeOwnPassword(passwords: AppOwnPassword): Promise<AppCaller> {
    return this.#send.json('POST', '/api/app/session/password', { body: passwords });
  }

  // AI use cases -----------------------------------------------------------------------------------------------------------------

  jobs(): Promise<AppJob[]> {
    return this.#send.json('GET', JOBS);
  }

  job(jobId: number): Promise<AppJob> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}`);
  }

  createJob(job: AppJobCreate): Promise<AppJob> {
    return this.#send.json('POST', JOBS, { body: job });
  }

  /** What is left out stays as it is. */
  changeJob(jobId: number, change: AppJobChange): Promise<AppJob> {
    return this.#send.json('PATCH', `${JOBS}/${part(jobId)}`, { body: change });
  }

  renameLabel(jobId: number, classId: string, name: string): Promise<AppJob> {
    return this.#send.json('PATCH', `${JOBS}/${part(jobId)}/labels/${part(classId)}`, { body: { name } });
  }

  startJob(jobId: number): Promise<AppJob> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/start`, { repeatable: true });
  }

  stopJob(jobId: number): Promise<AppJob> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/stop`, { repeatable: true });
  }

  /** Deletes a stopped one with everything in it. */
  deleteJob(jobId: number): Promise<AppDone> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}`);
  }

  /** Fields found in the newest events, with advice on which to decide by; looks at most at `sample` events (1 to 5,000). */
  fields(jobId: number, sample?: number): Promise<AppFields> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/fields`, { query: { sample } });
  }

  /** The buckets that a choice of decision points would make of the newest events (1,000 unless said otherwise); nothing is changed. */
  previewPoints(jobId: number, points: readonly string[], sample?: number): Promise<AppPointsPreview> {
    const body = { decision_points: points, ...(sample === undefined ? {} : { sample }) };
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/decision-points/preview`, { body, repeatable: true });
  }

  /**
   * Brings in closed alerts, at most 1,000. Repeated where the service was busy: alerts with ids of their own are stored once.
   * @param json the JSON of an `AppImport`, as text or bytes, so that numbers in alerts stay as they are spelled.
   */
  import(jobId: number, json: string | Uint8Array): Promise<AppImported> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/import`, { body: json, repeatable: true, timeout: 300_000 });
  }

  // Events, buckets, feedback ----------------------------------------------------------------------------------------------------

  events(jobId: number, query: AppEventsQuery = {}): Promise<AppEvents> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/events`, { query: { ...query } });
  }

  event(jobId: number, eventId: string): Promise<AppEvent> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/events/${part(eventId)}`);
  }

  /** Buckets by their numbers, in that order; at most 500. */
  findBuckets(jobId: number, asked: AppBucketsAsked): Promise<AppBucketsFound> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/buckets`, { body: asked, repeatable: true });
  }

  /** Biggest first. */
  buckets(jobId: number, query: AppBucketsQuery = {}): Promise<AppBuckets> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/buckets`, { query: { ...query } });
  }

  /** A vote of the caller; the same vote again changes nothing. */
  vote(jobId: number, eventId: string, vote: AppVote): Promise<AppVoted> {
    return this.#send.json('POST', this.#feedback(jobId, eventId), { body: vote, repeatable: true });
  }

  /** Votes on many events (at most 500), or takes votes back (`label` null); each by itself, in one call. */
  voteMany(jobId: number, votes: AppVotes['votes']): Promise<AppVotesDone> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/feedback`, { body: { votes }, repeatable: true, timeout: 120_000 });
  }

  withdrawVote(jobId: number, eventId: string): Promise<AppVoted> {
    return this.#send.json('DELETE', this.#feedback(jobId, eventId));
  }

  /** A lead's word over the votes of a bucket, with the reason. */
  overrule(jobId: number, eventId: string, overrule: AppOverrule): Promise<AppVoted> {
    return this.#send.json('PUT', `${JOBS}/${part(jobId)}/events/${part(eventId)}/overrule`, { body: overrule });
  }

  /** Lets the votes count again. */
  liftOverrule(jobId: number, eventId: string): Promise<AppVoted> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}/events/${part(eventId)}/overrule`);
  }

  /** What agents noted on an event. */
  notes(jobId: number, eventId: string): Promise<AppNotes> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/events/${part(eventId)}/notes`);
  }

  // Saved views of the Event Explorer: for signed-in people ----------------------------------------------------------------------

  views(jobId: number): Promise<AppViews> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/views`);
  }

  createView(jobId: number, view: AppViewDraft): Promise<AppView> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/views`, { body: view });
  }

  /** Only one's own. */
  changeView(jobId: number, viewId: number, change: AppViewChange): Promise<AppView> {
    return this.#send.json('PATCH', `${JOBS}/${part(jobId)}/views/${part(viewId)}`, { body: change });
  }

  deleteView(jobId: number, viewId: number): Promise<AppDone> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}/views/${part(viewId)}`);
  }

  /** What the caller's page opens with. */
  setDefaultView(jobId: number, choice: AppDefaultView): Promise<AppDone> {
    return this.#send.json('PUT', `${JOBS}/${part(jobId)}/views/default`, { body: choice });
  }

  // The guard --------------------------------------------------------------------------------------------------------------------

  /** How far automation may go, label by label. */
  guards(jobId: number): Promise<AppGuards> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/guard`);
  }

  /** Asks that a label may be acted on alone; it opens once the audits prove the promise. */
  openGuard(jobId: number, classId: string, wish: AppGuardWish): Promise<AppGuards> {
    return this.#send.json('PUT', `${JOBS}/${part(jobId)}/guard/${part(classId)}`, { body: wish });
  }

  closeGuard(jobId: number, classId: string): Promise<AppGuards> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}/guard/${part(classId)}`);
  }

  /** The one switch for all use cases. */
  switchGuards(to: AppGuardSwitch): Promise<AppGuardSwitch> {
    return this.#send.json('PUT', '/api/app/guard', { body: to });
  }

  /** Events drawn at random, to be labelled blind. */
  guardAudits(jobId: number): Promise<AppAudits> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/guard/audits`);
  }

  answerAudit(jobId: number, auditId: number, answer: AppAuditAnswer): Promise<AppDone> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/guard/audits/${part(auditId)}`, { body: answer });
  }

  /** Votes of agents that wait for a person, newest first. */
  agentVotes(jobId: number): Promise<AppAgentVote[]> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/agent_votes`);
  }

  /** Agrees with a vote of an agent: from then on it counts, as the caller's. A key cannot: only a signed-in person, or the operator over the socket. */
  confirmAgentVote(jobId: number, voteId: number): Promise<AppVoted> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/agent_votes/${part(voteId)}/confirm`);
  }

  /** Disagrees with a vote of an agent: it never counts. Who may is said at {@link confirmAgentVote}. */
  declineAgentVote(jobId: number, voteId: number): Promise<AppAgentVoteSettled> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/agent_votes/${part(voteId)}/decline`);
  }

  // Code steps --------------------------------------------------------------------------------------------------------------------

  /** In the order in which they run. They are made by `v2.saveCodeStep`. */
  codeSteps(jobId: number): Promise<AppCodeStep[]> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/code_steps`);
  }

  /** With all its versions. */
  codeStep(jobId: number, stepId: number): Promise<AppCodeStepDetails> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/code_steps/${part(stepId)}`);
  }

  /** Switches it on or off, moves it, or goes back to another version. */
  changeCodeStep(jobId: number, stepId: number, change: AppCodeStepChange): Promise<AppCodeStepDetails> {
    return this.#send.json('PATCH', `${JOBS}/${part(jobId)}/code_steps/${part(stepId)}`, { body: change });
  }

  removeCodeStep(jobId: number, stepId: number): Promise<AppDone> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}/code_steps/${part(stepId)}`);
  }

  // Training and models ----------------------------------------------------------------------------------------------------------

  /** How the training stands, with its percent, and what it still needs. */
  training(jobId: number): Promise<AppTraining> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/training`);
  }

  /** Asks for a training; `ok` says whether it began, `message` why not. */
  train(jobId: number): Promise<AppTrainRequested> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/train`);
  }

  models(jobId: number): Promise<AppModel[]> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/models`);
  }

  model(jobId: number, modelId: number): Promise<AppModel> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/models/${part(modelId)}`);
  }

  /** Which decision points the decisions of a model hang on. */
  influence(jobId: number, modelId: number): Promise<AppInfluence> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/models/${part(modelId)}/influence`);
  }

  /** How the quality of a model grows with labels, as far as somebody asked. */
  learningCurve(jobId: number, modelId: number): Promise<AppLearningCurve> {
    return this.#send.json('GET', this.#curve(jobId, modelId));
  }

  /** Asks for it; takes about as long as one to four trainings. Where it is there or being worked out, nothing changes. */
  makeLearningCurve(jobId: number, modelId: number): Promise<AppLearningCurve> {
    return this.#send.json('POST', this.#curve(jobId, modelId), { repeatable: true });
  }

  cancelLearningCurve(jobId: number, modelId: number): Promise<AppLearningCurve> {
    return this.#send.json('POST', `${this.#curve(jobId, modelId)}/cancel`);
  }

  activateModel(jobId: number, modelId: number): Promise<AppModel> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/models/${part(modelId)}/activate`, { repeatable: true });
  }

  /** How a model does in use, week by week. */
  liveModel(jobId: number, modelId: number): Promise<AppLive> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/models/${part(modelId)}/live`);
  }

  /** Events of a job by time and by the values of fields; with `newest`, values of the newest so many events alone. */
  countEvents(jobId: number, request: AppCountsRequest): Promise<AppCounts> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/events/counts`, { body: request, repeatable: true });
  }

  /** What has moved since the active model was trained. */
  drift(jobId: number): Promise<AppDrift> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/drift`);
  }

  /** The shadow model beside the active one. */
  shadow(jobId: number): Promise<AppShadowReport> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/shadow`);
  }

  setShadow(jobId: number, modelId: number): Promise<AppShadowReport> {
    return this.#send.json('PUT', `${JOBS}/${part(jobId)}/shadow`, { body: { model_id: modelId }, repeatable: true });
  }

  endShadow(jobId: number): Promise<AppDone> {
    return this.#send.json('DELETE', `${JOBS}/${part(jobId)}/shadow`);
  }

  /** What to label next; send `ask` of a question with the vote that answers it. */
  queue(jobId: number, size?: number): Promise<AppQueue> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/queue`, { query: { size } });
  }

  /** Has stored events decided again by the active model. */
  reprocess(jobId: number, selection: AppReprocess): Promise<AppTask> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/reprocess`, { body: selection });
  }

  reprocessEvent(jobId: number, eventId: string): Promise<AppReprocessed> {
    return this.#send.json('POST', `${JOBS}/${part(jobId)}/events/${part(eventId)}/reprocess`, { repeatable: true });
  }

  // Long work --------------------------------------------------------------------------------------------------------------------

  tasks(query: AppTasksQuery = {}): Promise<AppTask[]> {
    return this.#send.json('GET', '/api/app/tasks', { query: { ...query } });
  }

  task(taskId: number): Promise<AppTask> {
    return this.#send.json('GET', `/api/app/tasks/${part(taskId)}`);
  }

  cancelTask(taskId: number): Promise<AppTask> {
    return this.#send.json('POST', `/api/app/tasks/${part(taskId)}/cancel`, { repeatable: true });
  }

  /** What came in, what was decided and what waits, over time. */
  activity(jobId: number, query: AppActivityQuery = {}): Promise<AppActivity> {
    return this.#send.json('GET', `${JOBS}/${part(jobId)}/activity`, { query: { ...query } });
  }

  // Demo ---------------------------------------------------------------------------------------------------------------------------

  demo(): Promise<AppDemo> {
    return this.#send.json('GET', '/api/app/demo');
  }

  /** Makes a use case with made-up alerts; the answer's task fills it. */
  makeDemo(): Promise<AppDemo> {
    return this.#send.json('POST', '/api/app/demo');
  }

  /** Removes it with everything in it. */
  removeDemo(): Promise<AppDone> {
    return this.#send.json('DELETE', '/api/app/demo');
  }

  // Integrations -----------------------------------------------------------------------------------------------------------------

  integrationTypes(search?: string): Promise<AppIntegrationTypeList> {
    return this.#send.json('GET', '/api/app/integration-types', { query: { search } });
  }

  integrations(): Promise<AppIntegration[]> {
    return this.#send.json('GET', '/api/app/integrations');
  }

  integration(integrationId: number): Promise<AppIntegration> {
    return this.#send.json('GET', `/api/app/integrations/${part(integrationId)}`);
  }

  /** Gives it a new key, which is in the answer, this once; the one it had ends. */
  renewIntegrationKey(integrationId: number): Promise<AppIntegrationWritten> {
    return this.#send.json('POST', `/api/app/integrations/${part(integrationId)}/key`);
  }

  /** A key that is made for it is in the answer, this once. */
  createIntegration(integration: AppIntegrationCreate): Promise<AppIntegrationWritten> {
    return this.#send.json('POST', '/api/app/integrations', { body: integration });
  }

  changeIntegration(integrationId: number, change: AppIntegrationChange): Promise<AppIntegrationWritten> {
    return this.#send.json('PATCH', `/api/app/integrations/${part(integrationId)}`, { body: change });
  }

  /** Its old key ends at once where it was made for it; the new one is in the answer, this once. */
  replaceIntegrationKey(integrationId: number): Promise<AppIntegrationWritten> {
    return this.#send.json('POST', `/api/app/integrations/${part(integrationId)}/key`);
  }

  deleteIntegration(integrationId: number): Promise<AppDone> {
    return this.#send.json('DELETE', `/api/app/integrations/${part(integrationId)}`);
  }

  // People, keys, audit trail: for administrators --------------------------------------------------------------------------------

  users(): Promise<AppUser[]> {
    return this.#send.json('GET', '/api/app/users');
  }

  addUser(user: AppUserDraft): Promise<AppUser> {
    return this.#send.json('POST', '/api/app/users', { body: user });
  }

  changeUser(userId: number, change: AppUserChange): Promise<AppUser> {
    return this.#send.json('PATCH', `/api/app/users/${part(userId)}`, { body: change });
  }

  /** Sets another password; all sessions and tokens of the person end. */
  setPassword(userId: number, password: string): Promise<AppUser> {
    return this.#send.json('POST', `/api/app/users/${part(userId)}/password`, { body: { password } });
  }

  /** Ends all sessions of a person. */
  endSessions(userId: number): Promise<AppEnded> {
    return this.#send.json('DELETE', `/api/app/users/${part(userId)}/sessions`);
  }

  keys(): Promise<AppKey[]> {
    return this.#send.json('GET', '/api/app/keys');
  }

  /** The key's value is in the answer, this once. */
  createKey(key: AppKeyDraft): Promise<AppNewKey> {
    return this.#send.json('POST', '/api/app/keys', { body: key });
  }

  changeKey(keyId: number, change: AppKeyChange): Promise<AppKey> {
    return this.#send.json('PATCH', `/api/app/keys/${part(keyId)}`, { body: change });
  }

  revokeKey(keyId: number): Promise<AppKey> {
    return this.#send.json('POST', `/api/app/keys/${part(keyId)}/revoke`);
  }

  /** Who changed what, newest first. */
  audit(query: AppAuditQuery = {}): Promise<AppAuditPage> {
    return this.#send.json('GET', '/api/app/audit', { query: { ...query } });
  }

  /** Whether the audit trail is as it was written. */
  verifyAudit(): Promise<AppAuditVerdict> {
    return this.#send.json('POST', '/api/app/audit/verify', { timeout: 600_000 });
  }

  // Operations -------------------------------------------------------------------------------------------------------------------

  /** Makes a backup in the data folder of the service; answers when it is done. */
  backup(): Promise<BackupMade> {
    return this.#send.json('POST', '/api/app/backup', { timeout: 3_600_000 });
  }

  /** Version, size, and the rules of signing in. */
  about(): Promise<AppAbout> {
    return this.#send.json('GET', '/api/app/about');
  }

  backups(): Promise<BackupList> {
    return this.#send.json('GET', '/api/app/backups');
  }

  #curve(jobId: number, modelId: number): string {
    return `${JOBS}/${part(jobId)}/models/${part(modelId)}/learning-curve`;
  }

  #feedback(jobId: number, eventId: string): string {
    return `${JOBS}/${part(jobId)}/events/${part(eventId)}/feedback`;
  }
}
