import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type AppAgentVote, SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { connectAgent, trailOf, useTool } from './testing.ts';

let service: TestService;
let input: string;
let all: string;
let jobId: number;
let agent: Client;

beforeAll(async () => {
  service = await startTestService();
  all = await service.managementKey(SCOPES);
  const made = await service.inputKey();
  input = made.value;
  jobId = (await service.job(made.integrationId, { title: 'Agents' })).id;
  agent = await connectAgent(service, all);
});
afterAll(async () => {
  await agent.close();
  await service.stop();
});

async function send(eventId: string, rule: string, user: string): Promise<void> {
  const body = { job_id: jobId, raw_body: { rule: { name: rule }, user } };
  expect((await service.call('POST', `/api/v1/events/${eventId}`, body, input)).status).toBe(201);
}

describe('labels of agents', () => {
  const consensus = async (eventId: string) =>
    (await useTool<{ consensus: unknown }>(agent, 'get_event', { job_id: jobId, event_id: eventId })).consensus;
  const waiting = async () =>
    (await service.call<AppAgentVote[]>('GET', `/api/app/jobs/${jobId}/agent_votes`, undefined, all)).body;
  const give = (eventId: string, name: string, reason?: string, client = agent) =>
    useTool<{ vote_id: number; counted: boolean }>(client, 'give_feedback', {
      job_id: jobId,
      event_id: eventId,
      label: name,
      ...(reason ? { reason } : {}),
    });
  const settle = (id: number, what: 'confirm' | 'decline', headers: Record<string, string> = ann) =>
    service.call('POST', `/api/app/jobs/${jobId}/agent_votes/${id}/${what}`, undefined, null, headers);
  let ann: Record<string, string>;

  beforeAll(async () => {
    const { users, sessions } = service.running.services.access;
    await users.add(OPERATOR, { name: 'ann', role: 'analyst', password: 'correct horse battery staple' });
    const session = await sessions.signIn('ann', 'correct horse battery staple', 'test');
    ann = { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) await send(id, 'phish', id);
  });

  it('wait for a person and then count as theirs', async () => {
    const given = await give('a1', 'drop', 'Our own test.');
    expect(given).toMatchObject({ counted: false, label: 'Drop', message: 'It waits until a person confirms it.' });
    expect(await consensus('a1')).toBeNull();
    expect(await waiting()).toEqual([
      {
        vote_id: given.vote_id,
        event_id: 'a1',
        label: 'Drop',
        reason: 'Our own test.',
        by: expect.stringMatching(/^key /),
        at: expect.stringMatching(/Z$/),
        outdated: false,
      },
    ]);
    const confirmed = await settle(given.vote_id, 'confirm');
    expect([confirmed.status, confirmed.body]).toEqual([
      200,
      { label: 'Drop', counted: true, consensus: { label: 'Drop', votes: { Drop: 1 }, overruled: false } },
    ]);
    expect(await waiting()).toEqual([]);
    const { feedback } = await service.running.services;
    const [person, first] = await feedback.history(jobId, 'a1');
    expect(person).toMatchObject({
      voter: { name: 'ann' },
      through: 'agent',
      asked: 'agent',
      counted: true,
      reason: expect.stringContaining('Our own test.'),
    });
    expect(first).toMatchObject({ through: 'agent', asked: 'agent', counted: false, reason: 'Our own test.' });
    expect((await settle(given.vote_id, 'confirm')).status).toBe(409);
    expect(await trailOf(service, 'agent_vote.give')).toContainEqual({ origin: expect.stringMatching(/^mcp /), object_id: 'a1' });
    expect(await trailOf(service, 'agent_vote.confirm')).toEqual([{ origin: expect.stringMatching(/^api /), object_id: 'a1' }]);
  });

  it('never count when declined', async () => {
    const { vote_id } = await give('a2', 'Drop');
    expect((await settle(vote_id, 'decline')).body).toEqual({ vote_id, state: 'declined' });
    expect(await consensus('a2')).toBeNull();
    expect((await settle(vote_id, 'confirm')).status).toBe(409);
    expect((await settle(999_999, 'confirm')).status).toBe(404);
  });

  it('cannot be confirmed by a key, the one of the agent least of all', async () => {
    const { vote_id } = await give('a3', 'Drop');
    const path = `/api/app/jobs/${jobId}/agent_votes/${vote_id}/confirm`;
    expect((await service.call('POST', path, undefined, all)).status).toBe(403);
    expect((await service.call('POST', path, undefined, input)).status).toBe(403);
    expect(await consensus('a3')).toBeNull();
  });

  it('are one for each agent and alert: the same again changes nothing, another label takes the place of the first', async () => {
    const first = await give('a4', 'Drop');
    expect((await give('a4', 'Drop')).vote_id).toBe(first.vote_id);
    const second = await give('a4', 'Escalate');
    expect(second.vote_id).not.toBe(first.vote_id);
    const ofEvent = async () => (await waiting()).filter(({ event_id }) => event_id === 'a4');
    expect((await ofEvent()).map(({ label }) => label)).toEqual(['Escalate']);
    const replaced = await settle(first.vote_id, 'confirm');
    expect([replaced.status, replaced.body.detail]).toEqual([409, expect.stringContaining('something else since')]);
    const other = await connectAgent(service, await service.managementKey(['write:event_feedback']));
    await give('a4', 'Drop', undefined, other);
    const both = await ofEvent();
    await other.close();
    expect(both.map(({ label }) => label)).toEqual(['Drop', 'Escalate']);
  });

  it('cannot be confirmed once the alert is another', async () => {
    const { vote_id } = await give('a5', 'Drop');
    await send('a5', 'ransomware', 'a5');
    expect((await waiting()).find((vote) => vote.vote_id === vote_id)?.outdated).toBe(true);
    const answer = await settle(vote_id, 'confirm');
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('has changed since')]);
    expect(await consensus('a5')).toBeNull();
    expect((await settle(vote_id, 'decline')).status).toBe(200);
  });

  it('count by themselves where the job says so', async () => {
    const change = { settings: { agent_votes: 'count' } };
    const changed = await service.call('PATCH', `/api/app/jobs/${jobId}`, change, all);
    expect([changed.status, changed.body.settings]).toEqual([200, expect.objectContaining({ agent_votes: 'count' })]);
    expect(await give('a2', 'Escalate')).toMatchObject({ counted: true, message: 'It counts.' });
    expect(await consensus('a2')).toMatchObject({ label: 'Escalate' });
    expect(await useTool(agent, 'get_job', { job_id: jobId })).toMatchObject({ votes_of_agents: 'count' });
    expect((await service.call('PATCH', `/api/app/jobs/${jobId}`, { settings: { agent_votes: 'always' } }, all)).status).toBe(
      400,
    );
  });
});
