import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, DEFAULTS, type Running, SOCKET_FILE, startService } from '@verdict/server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VerdictClient, VerdictError, VerdictUnreachable } from './index.ts';

describe('over a real service', () => {
  let folder: string;
  let running: Running;
  let operator: VerdictClient;
  let soar: VerdictClient;
  let jobId: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'verdict-client-'));
    const config = { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' as const };
    running = await startService(config, createLog(config));
    operator = new VerdictClient({ socketPath: join(folder, SOCKET_FILE) });
    const { integration, key_value } = await operator.app.createIntegration({ title: 'XSOAR', type: 'Cortex XSOAR' });
    soar = new VerdictClient({ baseUrl: `${running.url}/`, key: key_value! });
    const job = await operator.app.createJob({
      title: 'Endpoint / alerts',
      decision_points: ['rule.name'],
      integrations: [{ integration_id: integration.integration_id }],
    });
    jobId = job.job_id;
    await operator.app.startJob(jobId);
  });

  afterAll(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('speaks v1 as a SOAR does', async () => {
    expect(await soar.v1.health()).toEqual({ status: true, connected: true });
    expect((await soar.v1.jobs()).map(({ job_id }) => job_id)).toEqual([jobId]);
    expect((await soar.v1.jobByName('Endpoint / alerts')).job_id).toBe(jobId);
    expect(await soar.v1.labels(jobId)).toEqual(['Escalate', 'Drop', 'Investigate']);
    const alert = { rule: { name: 'Scan' } };
    expect(await soar.v1.sendAs('a:b@c', { job_id: jobId, raw_body: alert })).toMatchObject({
      event_id: 'a:b@c',
      status: 'pending_inference',
    });
    expect(await soar.v1.sendAndWait('d', { job_id: jobId, raw_body: alert })).toMatchObject({
      status: 'OK',
      result: 'no_decision',
    });
    expect((await soar.v1.send({ job_id: jobId, raw_body: alert })).event_id).toMatch(/^\d+$/);
    const bulk = await soar.v1.bulk(jobId, [{ job_id: jobId, event_id: 'e', raw_body: alert }]);
    expect(bulk).toMatchObject({ status: 'ok', results: [{ event_id: 'e' }] });
    expect(await soar.v1.decision(jobId, 'a:b@c')).toMatchObject({ event_id: 'a:b@c', result: 'no_decision' });
    expect(await soar.v1.feedback(jobId, 'd', { feedback: 'Drop', cortex_user: 'ada' })).toEqual({ status: 'updated' });
    expect((await soar.v1.export(jobId, 'd')).arcanna_event).toMatchObject({ rule: { name: 'Scan' } });
    expect(await soar.v1.train(jobId)).toMatchObject({ status: 'ERROR', error_message: expect.stringContaining('labels') });
  });

  it('speaks v2 with a management key', async () => {
    const { value } = await operator.app.createKey({ name: 'ops', kind: 'management' });
    const ops = new VerdictClient({ baseUrl: running.url, key: value });
    expect(await ops.v2.scopes()).toContain('write:resources');
    expect(await ops.v2.stop(jobId)).toMatchObject({ status: 'OK' });
    await expect(soar.v1.sendAs('stopped', { job_id: jobId, raw_body: {} })).rejects.toMatchObject({ status: 409 });
    expect(await ops.v2.start(jobId)).toMatchObject({ status: 'OK' });
    expect(await ops.v2.feedback(jobId, 'e', 'nonsense')).toMatchObject({ status: 'NOK' });
    const { created } = await ops.v2.apply({ soar: { type: 'api_key', properties: { name: 'from document' } } });
    expect(created).toMatchObject([{ type: 'api_key', title: 'from document', value: expect.any(String) }]);
    expect(await ops.v2.resources('api_key', { title: 'from document' })).toMatchObject([{ name: 'from document' }]);
    expect(await ops.v2.deleteResource('api_key', { title: 'from document' })).toMatchObject({ status: 'OK' });
  });

  it('is the operator over the socket', async () => {
    expect((await operator.app.jobs()).map(({ title }) => title)).toEqual(['Endpoint / alerts']);
    expect(await operator.app.users()).toEqual([]);
    const imported = await operator.app.import(
      jobId,
      '{"events":[{"event_id":"i-1","label":"Drop","event":{"n":1e400,"rule":{"name":"Scan"}}}]}',
    );
    expect(imported.results).toEqual([{ event_id: 'i-1', outcome: 'new', labelled: true, error: '' }]);
    expect((await operator.app.event(jobId, 'i-1')).raw_event).toContain('1e400');
    expect((await operator.app.fields(jobId, 10)).events).toBeGreaterThan(0);
    expect((await operator.app.buckets(jobId)).buckets).toHaveLength(1);
    expect(await operator.app.training(jobId)).toMatchObject({ ready: false, unit: 'bucket' });
    expect((await operator.app.verifyAudit()).ok).toBe(true);
    expect((await operator.ready()).status).toBe('ready');
    expect(await operator.metrics()).toContain('verdict_');
  });

  it('asks for metrics, and speaks for agents', async () => {
    const filters = [{ field: 'rule.name', operator: 'is', value: 'Scan' }] as const;
    const all = await operator.v2.jobMetrics('Endpoint / alerts');
    expect(all).toMatchObject({ total_events: 5, active_model_id: null });
    expect(await operator.v2.jobMetrics(jobId, { start: '2000-01-01', filters })).toMatchObject({ total_events: 5 });
    expect(await operator.v2.jobMetrics(jobId, { end: '2000-01-01' })).toMatchObject({ total_events: 0 });
    expect(await operator.v2.jobAndModelMetrics(jobId, { timeout: 1 })).toEqual({ ...all, active_model_metrics: null });
    for (const asked of [operator.v2.modelMetrics(jobId, 9), operator.v2.recomputeModelMetrics(jobId, 9)])
      await expect(asked).rejects.toMatchObject({ status: 404 });

    const call = async (id: number, name: string, args: unknown) => {
      const message = { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
      return JSON.parse(await operator.mcp(JSON.stringify(message))).result.structuredContent;
    };
    const first = await call(1, 'give_feedback', { job_id: jobId, event_id: 'e', label: 'Drop' });
    const second = await call(2, 'give_feedback', { job_id: jobId, event_id: 'a:b@c', label: 'Escalate' });
    expect((await operator.app.agentVotes(jobId)).map(({ vote_id }) => vote_id)).toEqual([second.vote_id, first.vote_id]);
    expect(await operator.app.confirmAgentVote(jobId, first.vote_id)).toMatchObject({ label: 'Drop', counted: true });
    expect(await operator.app.declineAgentVote(jobId, second.vote_id)).toEqual({ vote_id: second.vote_id, state: 'declined' });
    expect(await operator.app.agentVotes(jobId)).toEqual([]);
    expect(await operator.mcp('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toBe('');
    expect(JSON.parse(await operator.mcp('{'))).toMatchObject({ error: { code: -32_700 } });
  });

  it('throws what the service refuses, with the places', async () => {
    const refused = await soar.v1.sendAs('x y', { job_id: jobId, raw_body: {} }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(VerdictError);
    expect(refused).toMatchObject({ status: 400, detail: expect.any(String), problems: [{ loc: ['path', 'event_id'] }] });
    await expect(soar.v1.decision(jobId, 'unknown')).rejects.toMatchObject({ name: 'VerdictError', status: 404 });
    await expect(soar.app.jobs()).rejects.toMatchObject({ status: 403 });
    expect(await new VerdictClient({ baseUrl: running.url }).v1.health()).toMatchObject({ status: false });
  });
});

describe('when the service is busy or away', () => {
  let server: Server | null = null;
  const seen: string[] = [];

  /** Answers with one status after the other; the last one from then on. */
  async function scripted(...answers: [status: number, headers?: Record<string, string>, body?: string][]): Promise<string> {
    seen.length = 0;
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      seen.push(`${request.method} ${request.url}`);
      const [status, headers = {}, body = '{}'] = answers.length > 1 ? answers.shift()! : answers[0]!;
      request.resume();
      request.on('end', () => response.writeHead(status, headers).end(body));
    });
    await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise<void>((closed) => (server ? server.close(() => closed()) : closed()));
    server = null;
  });

  it('sends again what may be sent again, after as long as the service says', async () => {
    const baseUrl = await scripted([503, { 'retry-after': '0' }], [429, { 'retry-after': '0' }], [200]);
    await new VerdictClient({ baseUrl }).v1.sendAs('a', { job_id: 1, raw_body: {} });
    expect(seen).toEqual(['POST /api/v1/events/a', 'POST /api/v1/events/a', 'POST /api/v1/events/a']);
  });

  it('sends nothing twice that might be done twice', async () => {
    const baseUrl = await scripted([503, { 'retry-after': '0' }, '{"detail":"The disk is full."}']);
    const client = new VerdictClient({ baseUrl });
    await expect(client.v1.send({ job_id: 1, raw_body: {} })).rejects.toMatchObject({ status: 503, detail: 'The disk is full.' });
    await expect(client.v1.bulk(1, [{ job_id: 1, raw_body: {} }])).rejects.toMatchObject({ status: 503 });
    await expect(client.app.train(1)).rejects.toMatchObject({ status: 503 });
    expect(seen).toHaveLength(3);
  });

  it('gives up after as many times as it was told, and at once on other errors', async () => {
    const baseUrl = await scripted([503, { 'retry-after': '0' }]);
    await expect(new VerdictClient({ baseUrl, retries: 2 }).v1.jobs()).rejects.toMatchObject({ status: 503 });
    expect(seen).toHaveLength(3);
    const other = await scripted([500]);
    await expect(new VerdictClient({ baseUrl: other }).v1.jobs()).rejects.toMatchObject({
      status: 500,
      detail: 'The service answered with status 500.',
    });
    expect(seen).toHaveLength(1);
  });

  it('says that nothing listens, that it took too long, and that the answer is not from Verdict', async () => {
    const baseUrl = await scripted([200, { 'content-type': 'text/html' }, '<html>']);
    await expect(new VerdictClient({ baseUrl }).v1.jobs()).rejects.toThrow('is not JSON');
    const redirected = await scripted([302, { location: 'http://127.0.0.1:9/' }]);
    await expect(new VerdictClient({ baseUrl: redirected, key: 'secret', retries: 0 }).v1.jobs()).rejects.toBeInstanceOf(
      VerdictUnreachable,
    );
    const gone = new VerdictClient({ socketPath: join(tmpdir(), 'verdict-no-such.sock'), retries: 0 });
    await expect(gone.v1.jobs()).rejects.toThrow('Nothing listens');
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const slow = new VerdictClient({
      baseUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      timeout: 50,
      retries: 0,
    });
    await expect(slow.v1.jobs()).rejects.toThrow('No answer from');
    silent.closeAllConnections();
    await new Promise((closed) => silent.close(closed));
  });
});
