import { afterEach, expect, test } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';
import { Changes, type Numbered } from './changes.ts';

let service: TestService | undefined;
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

test('who comes back hears what was missed, or is told that it is gone', () => {
  const changes = new Changes('run');
  const heard: number[] = [];
  const first = changes.listen(
    (change) => heard.push(change.seq),
    () => {},
  );
  for (let job = 1; job <= 3; job++) changes.tell({ kind: 'job', jobId: job, data: {} });
  first.off();
  changes.tell({ kind: 'job', jobId: 4, data: {} });
  expect(heard).toEqual([1, 2, 3]);
  const again: Numbered[] = [];
  const back = changes.listen(
    (change) => again.push(change),
    () => {},
    changes.place(3),
  );
  expect([back.missed, again.map((change) => change.jobId)]).toEqual([false, [4]]);
  for (let job = 0; job < 600; job++) changes.tell({ kind: 'job', jobId: job, data: {} });
  const none = () => {};
  expect(changes.listen(none, none, 'run.3').missed).toBe(true);
  expect(changes.listen(none, none, 'other.604').missed).toBe(true);
  expect(changes.listen(none, none).missed).toBe(false);
});

test('feedback and new events arrive on the stream of their job, and a stop ends it at once', async () => {
  service = await startTestService();
  const input = await service.inputKey();
  const job = await service.job(input.integrationId);
  const other = await service.job(input.integrationId, { title: 'Another' });
  const key = await service.managementKey(['read:resources']);
  const open = async (path: string, headers = {}) =>
    fetch(`${service!.running.url}${path}`, { headers: { 'x-arcanna-api-key': key, ...headers } });
  const answer = await open(`/api/app/live?job_id=${job.id}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const text = collect(answer);
  const send = (jobId: number, id: string) =>
    service!.call('POST', `/api/v1/events/${id}`, { job_id: jobId, title: 't', raw_body: { a: id } }, input.value);
  await send(job.id, 'e1');
  await send(job.id, 'e2');
  await send(other.id, 'e3');
  await until(() => text().includes('event: events'));
  expect(text()).toContain(`"job_id":${job.id},"count":2`);
  expect(text()).not.toContain(`"job_id":${other.id}`);
  const voter = await service.managementKey(['write:event_feedback']);
  const voted = await service.call('PUT', `/api/v2/events/${job.id}/e1/feedback?feedback_label=Drop`, undefined, voter);
  expect(voted.status).toBeLessThan(300);
  await until(() => text().includes('event: feedback'));
  const start = /^retry: 2000\n\nevent: here\nid: (\S+)\ndata: \{\}\n\n/.exec(text())![1]!;
  // Who knows where the stream stood hears what came since; who stood in another run is told to ask again.
  const later = collect(await open(`/api/app/live?job_id=${job.id}&after=${start}`));
  await until(() => /event: events[\s\S]*event: feedback[\s\S]*event: here/.test(later()));
  const lost = collect(await open(`/api/app/live?job_id=${job.id}&after=another.7`));
  await until(() => /event: refetch[\s\S]*event: here/.test(lost()));
  // A browser that comes back by itself asks with the old address and says what it has heard since.
  const id = /event: here\nid: (\S+)/.exec(later())![1]!;
  const back = collect(await open(`/api/app/live?job_id=${job.id}&after=another.7`, { 'last-event-id': id }));
  await until(() => back().includes('event: here'));
  expect(back()).not.toMatch(/event: (refetch|events|feedback)/);
  const stopping = performance.now();
  await service.stop();
  expect(performance.now() - stopping).toBeLessThan(10_000);
  service = undefined;
});

test('without a key, with a wrong one, or for a job that is not there, nothing is told', async () => {
  service = await startTestService();
  expect((await service.call('GET', '/api/app/live', undefined, null)).status).toBe(401);
  expect((await service.call('GET', '/api/app/live', undefined, 'vrd_wrong')).status).toBe(401);
  const poor = await service.managementKey(['write:events']);
  expect((await service.call('GET', '/api/app/live', undefined, poor)).status).toBe(403);
  const key = await service.managementKey(['read:resources']);
  expect((await service.call('GET', '/api/app/live?job_id=999999', undefined, key)).status).toBe(404);
  expect((await service.call('GET', '/api/app/live?job_id=x', undefined, key)).status).toBe(400);
  expect((await service.call('GET', `/api/app/live?after=${'x'.repeat(101)}`, undefined, key)).status).toBe(400);
});

function collect(answer: Response): () => string {
  let text = '';
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body!) text += decoder.decode(chunk, { stream: true });
    } catch {
      // ended with the service
    }
  })();
  return () => text;
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds).toBe(true);
}
