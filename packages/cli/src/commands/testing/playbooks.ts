import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { SOCKET_FILE } from '@verdict/server/local';
import { type Json, type JsonObject, packFolder, type RunTrace } from '@verdict/xsoar';
import { expect } from 'vitest';
import { openShell, type Ran, type Shell } from '../../testing.ts';

/** What `verdict playbook run --json` says. */
export interface Answer {
  readonly trace: RunTrace;
  readonly context: JsonObject;
  readonly incident: JsonObject;
  readonly incidents?: readonly JsonObject[];
}

/** How a playbook is run, where it is not as usual. */
export interface RunOptions {
  readonly inputs?: Readonly<Record<string, string | number>>;
  readonly answers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  /** The other incidents that there are. */
  readonly incidents?: readonly JsonObject[];
  readonly url?: string;
  readonly keyFile?: string;
  readonly more?: readonly string[];
}

/** A service with an AI use case that Cortex XSOAR sends to, and a shell to run playbooks against it. */
export interface Soc {
  readonly shell: Shell;
  readonly url: string;
  /** Over the socket: the operator. */
  readonly admin: VerdictClient;
  readonly key: string;
  readonly keyFile: string;
  readonly jobId: number;
  /** Writes a file of the shell's folder. @returns its path. */
  write(name: string, data: Json): string;
  /** Writes an incident whose raw alert this is, with an id that no other has. @returns the file. */
  incident(alert: JsonObject, more?: JsonObject): string;
  /** Runs a playbook of the pack, by its name without `Verdict - `, or that of a file, and gives what it printed. */
  ran(playbook: string, incident: string, options?: RunOptions): Promise<Ran>;
  /** The same, with `--json`. */
  run(playbook: string, incident: string, options?: RunOptions): Promise<Answer>;
  /** Triage of an incident in this use case. */
  triage(incident: string, options?: RunOptions): Promise<Answer>;
  /** Brings in closed alerts with their labels, and chooses the decision points. */
  learn(rows: readonly { readonly event: JsonObject; readonly label: string }[], points: string): Promise<void>;
  close(): Promise<void>;
}

/** @param settings of the use case. */
export async function openSoc(settings: { readonly audit_rate?: number } = {}): Promise<Soc> {
  const shell = openShell();
  const running = await serveHere(shell.dataDir);
  const admin = new VerdictClient({ socketPath: join(shell.dataDir, SOCKET_FILE) });
  return { ...(await prepare(shell, () => running.url, admin, settings)), close: closer(running, shell) };
}

/** What {@link openSoc} gives, over a service that runs as a process of its own and can be killed and started again. */
export interface SocApart extends Soc {
  /** Ends the process at once, as a power failure does. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function openSocApart(): Promise<SocApart> {
  const shell = openShell();
  let service = await serveApart(shell.dataDir);
  const admin = new VerdictClient({ socketPath: join(shell.dataDir, SOCKET_FILE) });
  const soc = await prepare(shell, () => service.url, admin, {});
  const kill = async () => {
    const gone = new Promise((resolve) => service.process.once('exit', resolve));
    if (service.process.exitCode === null && service.process.kill('SIGKILL')) await gone;
  };
  return {
    ...soc,
    // A spread would read it once.
    get url() {
      return service.url;
    },
    kill,
    async start() {
      service = await serveApart(shell.dataDir);
    },
    async close() {
      await kill();
      shell.remove();
    },
  };
}

/** Names of the tasks that ran, in order. */
export function names({ trace }: Answer): string[] {
  return trace.tasks.map(({ name, id }) => name || id);
}

/** The branch that a task took; undefined where it did not run. */
export function branchOf({ trace }: Answer, task: string): string | null | undefined {
  return trace.tasks.find(({ name }) => name === task)?.branch;
}

/**
 * Opens the guard of `Drop` as a lead does: by answering blind audits of alerts that the model drops. The use case draws every alert for an audit; afterwards
 * next to none, because what is drawn goes to a person whatever the guard says.
 */
export async function openGuardOfDrop({ admin, jobId, url, key }: Soc, dropped: readonly JsonObject[]): Promise<void> {
  await admin.app.openGuard(jobId, 'class_1', { max_error_rate: 0.5 });
  const soar = new VerdictClient({ baseUrl: url, key });
  for (const [n, alert] of dropped.entries()) await soar.v1.sendAs(`audit-${n}`, { job_id: jobId, raw_body: { ...alert, n } });
  for (;;) {
    const { audits } = await admin.app.guardAudits(jobId);
    if (audits.length === 0) break;
    for (const { audit_id } of audits) await admin.app.answerAudit(jobId, audit_id, { label: 'Drop' });
  }
  const [guard] = (await admin.app.guards(jobId)).guards;
  expect(guard, guard?.sentence).toMatchObject({ label: 'Drop', status: 'open' });
  await admin.app.changeJob(jobId, { settings: { audit_rate: 1e-9 } });
}

/** Alerts of two kinds, one third `Escalate`, as an analyst would have labelled them. */
export function labelledAlerts(count: number): { event: JsonObject; label: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const escalate = index % 3 === 0;
    const event = alertOf(escalate ? `beacon ${index % 4}` : `scan ${index % 5}`);
    return { event, label: escalate ? 'Escalate' : 'Drop' };
  });
}

export function alertOf(rule: string): JsonObject {
  return { rule: { name: rule }, host: 'h1' };
}

/** A port on which nothing listens any more. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A way to the service that can be watched and broken. */
export interface Gate {
  readonly url: string;
  close(): void;
}

/**
 * Lets calls through one at a time, asking `before` first.
 * @param onward where the service is now.
 * @param before told the method and path of a call and how many came before; it may wait, and false breaks the connection.
 */
export async function openGate(
  onward: () => string,
  before: (call: string, count: number) => boolean | Promise<boolean>,
): Promise<Gate> {
  let count = 0;
  const pass = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const { method, headers, url } = incoming;
    if (!(await before(`${method} ${url}`, count++))) return incoming.socket.destroy();
    const forward = request(new URL(url!, onward()), { method, headers }, (back) => {
      answer.writeHead(back.statusCode!, back.headers);
      back.pipe(answer);
    });
    // The service went away with the call.
    forward.on('error', () => incoming.socket.destroy());
    return incoming.pipe(forward);
  };
  const gate: Server = createHttpServer((incoming, answer) => void pass(incoming, answer));
  await new Promise<void>((listening) => gate.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`, close: () => gate.close() };
}

/** A gate that lets everything through and keeps the method and path of each call. */
export async function openRecorder(onward: () => string): Promise<Gate & { readonly calls: readonly string[] }> {
  const calls: string[] = [];
  const gate = await openGate(onward, (call) => {
    calls.push(call);
    return true;
  });
  return { ...gate, calls };
}

async function prepare(
  shell: Shell,
  url: () => string,
  admin: VerdictClient,
  settings: { readonly audit_rate?: number },
): Promise<Omit<Soc, 'close'>> {
  const made = await admin.app.createIntegration({ title: 'XSOAR', type: 'Cortex XSOAR', parameters: {} });
  const key = made.key_value!;
  const { job_id: jobId } = await admin.app.createJob({
    title: 'Triage',
    labels: [{ name: 'Escalate' }, { name: 'Drop' }],
    integrations: [{ integration_id: made.integration.integration_id, role: 'input' }],
    settings,
  });
  await admin.app.startJob(jobId);
  const keyFile = join(shell.folder, 'key.txt');
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  let incidents = 0;
  const write: Soc['write'] = (name, data) => {
    const file = join(shell.folder, name);
    writeFileSync(file, typeof data === 'string' ? data : JSON.stringify(data));
    return file;
  };
  const ran: Soc['ran'] = (playbook, incident, options = {}) => {
    const others = options.incidents;
    return shell.verdict([
      'playbook',
      'run',
      playbook.endsWith('.yml') ? playbook : playbookFile(playbook),
      ...['--incident', incident, '--instance', `one=${options.url ?? url()},${options.keyFile ?? keyFile}`],
      ...(others === undefined ? [] : ['--incidents', write(`others-${incidents++}.json`, others)]),
      ...pairs('--input', options.inputs),
      ...pairs('--answer', options.answers),
      ...pairs('--param', options.params),
      ...(options.more ?? []),
    ]);
  };
  const run: Soc['run'] = async (playbook, incident, options = {}) => {
    const { out, err } = await ran(playbook, incident, { ...options, more: [...(options.more ?? []), '--json'] });
    expect(out, err).not.toBe('');
    return JSON.parse(out) as Answer;
  };
  return {
    shell,
    get url() {
      return url();
    },
    admin,
    key,
    keyFile,
    jobId,
    write,
    incident(alert, more = {}) {
      incidents += 1;
      const id = `inc-${incidents}`;
      return write(`incident-${incidents}.json`, { id, name: 'An alert', severity: 2, rawJSON: JSON.stringify(alert), ...more });
    },
    ran,
    run,
    triage: (incident, options = {}) => run('Triage', incident, { ...options, inputs: { job_id: jobId, ...options.inputs } }),
    async learn(rows, points) {
      const file = write('labelled.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
      const imported = await shell.verdict(['import', file, '--job', 'Triage', '--points', points, '--feedback-as', 'ada']);
      expect(imported, imported.err).toMatchObject({ status: 0 });
    },
  };
}

function playbookFile(name: string): string {
  const folder = name === 'Test' ? 'TestPlaybooks' : 'Playbooks';
  return join(packFolder(), folder, `playbook-Verdict_-_${name.replaceAll(' ', '_')}.yml`);
}

function pairs(option: string, values: Readonly<Record<string, string | number>> = {}): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

async function serveHere(dataDir: string): Promise<Running> {
  const config = { ...DEFAULTS, port: 0, dataDir, logLevel: 'silent' as const };
  return startService(config, createLog(config));
}

function closer(running: Running, shell: Shell): () => Promise<void> {
  return async () => {
    await running.stop();
    shell.remove();
  };
}

async function serveApart(dataDir: string): Promise<{ process: ChildProcess; url: string }> {
  const main = join(import.meta.dirname, '../../../../server/src/main.ts');
  const child = spawn(process.execPath, ['--conditions=source', main], {
    env: { ...process.env, VERDICT_PORT: '0', VERDICT_DATA_DIR: dataDir, VERDICT_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
    if (found !== undefined) resolve(found);
  });
  child.once('exit', (code) => reject(new Error(`The service ended with ${code}: ${log}`)));
  return { process: child, url: await promise };
}
