import type { ArgumentsByName } from '../pack/commands.ts';
import { closeReasons } from './close-reasons.ts';
import { listJobs } from './job-commands.ts';
import { defaultJobId, jobIdOf, labelsOf, mayLabel } from './jobs.ts';
import { type Entry, fail, merged, resultEntry, table } from './platform.ts';
import { callForObject, notVerdictHere, serverUrl } from './server.ts';
import { textOf } from './values.ts';

/** test-module: what the button Test runs. Says in a sentence what is wrong with the instance. */
export function testModule(): string {
  if (callForObject('GET', '/api/v1/health/').connected !== true) fail(notVerdictHere());
  const mapping = closeReasons();
  const id = defaultJobId();
  if (id === '') return 'ok';
  const jobId = jobIdOf({ job_id: id });
  const set = labelsOf(jobId);
  mapping.forEach(({ reason, label }) => {
    if (!mayLabel(jobId, label, set, true)) {
      fail(
        `The close reason “${reason}” is mapped to “${label}”, which is not a label of the AI use case ${jobId}: map it to one of ${set.join(', ')}.`,
      );
    }
  });
  return 'ok';
}

/** verdict-get-health */
export function getHealth(args: ArgumentsByName['verdict-get-health']): Entry {
  const connected = callForObject('GET', '/api/v1/health/').connected === true;
  if (!connected) fail(notVerdictHere());
  const health = { url: serverUrl(), connected, jobs: listJobs().length };
  const human = table('Verdict Health', [health], ['url', 'connected', 'jobs']);
  const context = { 'Verdict.Health(val.url && val.url === obj.url)': health };
  if (textOf(args.job_id, 'job_id') === '') return resultEntry({ health }, human, context);
  const job = callForObject('GET', `/api/v1/jobs/${jobIdOf(args)}`);
  const headers = [
    'job_id',
    'title',
    'status',
    'retrain_state',
    'retrain_msg',
    'processed_documents_count',
    'feedback_documents_count',
  ];
  return resultEntry(
    { health, job },
    `${human}\n${table('AI use case', [job], headers)}`,
    merged(context, {
      'Verdict.Job(val.job_id && val.job_id === obj.job_id)': job,
    }),
  );
}
