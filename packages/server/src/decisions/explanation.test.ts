import type { ExplanationView } from '@verdict/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
beforeEach(async () => {
  service = await startTestService();
});
afterEach(() => service.stop());

/** A job of 12 labelled alerts, Drop by Ana and Escalate by Ana and Ben, trained. */
async function trainedJob(category: string): Promise<number> {
  const { integrationId } = await service.inputKey();
  const job = await service.job(integrationId, { points: ['rule', 'host'], category });
  for (let n = 0; n < 12; n++) {
    const rule = n % 2 ? 'malware' : 'noise';
    await service.call('POST', `/api/v1/events/e${n}`, { job_id: job.id, raw_body: { rule, host: `h${n}` } });
    for (const name of n % 2 ? ['ana', 'ben'] : ['ana'])
      await service.call('PUT', `/api/v1/events/${job.id}/e${n}/feedback?username=${name}`, {
        feedback: n % 2 ? 'Escalate' : 'Drop',
      });
  }
  const { training, tasks } = service.running.services;
  const { taskId } = await training.requestTraining(job.id, OPERATOR);
  await tasks.finished(taskId!);
  await service.call('POST', '/api/v1/events/new', { job_id: job.id, raw_body: { rule: 'malware', host: 'h99' } });
  return job.id;
}

describe.each(['Decision intelligence', 'Event centric decision intelligence'])('why, in a job of %s', (category) => {
  it('names the nearest labelled alerts with who labelled them and when, and which learners agreed', async () => {
    const jobId = await trainedJob(category);
    const { body: why } = await service.call<ExplanationView>('GET', `/api/v1/events/${jobId}/new/explanation`);
    expect(why.result_label).toBe('Escalate');
    expect(why.nearest.length).toBeGreaterThan(0);
    for (const neighbour of why.nearest) {
      expect(neighbour.event_id).toMatch(/^e\d+$/);
      const escalated = Number(neighbour.event_id!.slice(1)) % 2 === 1;
      expect(neighbour.label).toBe(escalated ? 'Escalate' : 'Drop');
      expect(neighbour.labelled_by).toEqual(escalated ? ['ben', 'ana'] : ['ana']);
      expect(Math.abs(Date.parse(neighbour.labelled_at!) - Date.now())).toBeLessThan(60_000);
    }
    expect(why.nearest[0]).toMatchObject({ label: 'Escalate', agree: ['rule'], votes: { Escalate: 2 } });
    expect(why.learners.length).toBeGreaterThan(1);
    for (const learner of why.learners) {
      const sorted = Object.entries(learner.probabilities).sort(([, a], [, b]) => b - a);
      expect(learner.label).toBe(sorted[0]![0]);
      expect(learner.agrees).toBe(sorted[0]![0] === 'Escalate');
    }
    expect(why.learners.some((learner) => learner.agrees)).toBe(true);
  });
});
