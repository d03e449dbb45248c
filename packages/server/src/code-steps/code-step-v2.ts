import { CodeBlockAnswer, CodeBlockRequest, isObject, readEventId } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import { callerGone } from '../http/caller-gone.ts';
import { expectValid } from '../http/read.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Ran } from './code-step.ts';
import type { CodeStepService, StepDraft, TriedOn } from './code-step-service.ts';

/** Code steps through the v2 API: tried without being kept, and attached to a job. */
export function codeStepRoutesV2({ steps, jobs }: { readonly steps: CodeStepService; readonly jobs: JobService }): Route[] {
  const tag = 'v2: code steps';
  return [
    route({
      method: 'POST',
      path: '/api/v2/inline_code_blocks/test',
      id: 'v2TestCodeStep',
      summary: 'Try a code step without keeping it',
      description:
        'Runs `function transform(record) { … return record }` on `input_test`, or on the stored event `reprocess_event_id` of the job as it came. ' +
        'What goes wrong in the code is in `stderr`.',
      tag,
      right: { scope: 'execute:job_code_blocks', role: 'lead' },
      body: CodeBlockRequest,
      response: CodeBlockAnswer,
      async handler({ principal, body, reply }) {
        const jobId = body.job_id ?? undefined;
        if (jobId !== undefined) await jobs.get(principal, jobId);
        return presented(await steps.test(draftOf(body, 'test'), triedOn(body), jobId, callerGone({ reply })));
      },
    }),
    route({
      method: 'POST',
      path: '/api/v2/inline_code_blocks/save',
      id: 'v2SaveCodeStep',
      summary: 'Attach a code step to a job',
      description:
        'Tries it first, as `test` does; one that fails is not saved. From then on it runs on each event of the job before the decision; ' +
        'saved again under its title it becomes the next version.',
      tag,
      right: { scope: 'write:job_code_blocks', role: 'lead' },
      body: CodeBlockRequest,
      response: CodeBlockAnswer,
      async handler({ principal, origin, body, reply }) {
        if (body.job_id === undefined || body.job_id === null) throw missing('job_id', 'the number of the job');
        if (body.title === undefined || body.title === null) throw missing('title', 'what the step is called');
        await jobs.get(principal, body.job_id);
        const { ran, step } = await steps.save(
          body.job_id,
          draftOf(body, body.title),
          triedOn(body),
          origin,
          callerGone({ reply }),
        );
        const answer = presented(ran);
        return step ? answer : { ...answer, stderr: `${answer.stderr}\nThe step was not saved.` };
      },
    }),
  ];
}

function draftOf(body: CodeBlockRequest, title: string): StepDraft {
  const limits = body.settings?.limits;
  return {
    title,
    description: body.description ?? '',
    source: body.source_code,
    variables: variablesOf(body.env_variables),
    limits: {
      ...(limits?.cpu_time_limit_seconds ? { cpuSeconds: limits.cpu_time_limit_seconds } : {}),
      ...(limits?.memory_limit_mb ? { memoryMb: limits.memory_limit_mb } : {}),
    },
  };
}

/** By name, or as a list of names and values, as Arcanna's clients send them. All are sealed, whatever they say of secrets. */
function variablesOf(given: CodeBlockRequest['env_variables']): Record<string, string> {
  if (!Array.isArray(given)) return { ...given };
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}

function triedOn(body: CodeBlockRequest): TriedOn {
  const { reprocess_event_id, input_test } = body;
  if (reprocess_event_id !== undefined && reprocess_event_id !== null)
    return { eventId: expectValid(readEventId(reprocess_event_id)) };
  let record = input_test;
  if (typeof record === 'string') {
    try {
      record = JSON.parse(record);
    } catch {
      throw missing('input_test', 'a JSON object, or its text');
    }
    // The text itself goes on, so that its numbers stay as they are spelled.
    if (isObject(record)) return { record: input_test as string };
  }
  if (!isObject(record)) throw missing('input_test', 'a JSON object, or its text');
  return { record: JSON.stringify(record) };
}

function presented({ stdout, stderr, record }: Ran): CodeBlockAnswer {
  return { stdout, stderr, output_record: record ?? '' };
}

function missing(member: string, what: string): Refusal {
  const msg = `must be ${what}`;
  return new Refusal('invalid', `body.${member} ${msg}.`, { problems: [{ loc: ['body', member], msg, type: 'missing' }] });
}
