import type { ArgumentsByName } from '../pack/commands.ts';
import { defaultJobId, jobIdOf, labelsOf } from './jobs.ts';
import { type Entry, type Fields, fail, merged, readMemory, resultEntry, table, writeMemory } from './platform.ts';
import { call, callForObject, notVerdictHere } from './server.ts';
import { isObject, neededText, plain } from './values.ts';

/** The jobs that the key may use. */
export function listJobs(): Fields[] {
  const answer = call('GET', '/api/v1/jobs/');
  return Array.isArray(answer) ? answer.filter(isObject) : fail(notVerdictHere());
}

/** arcanna-get-jobs */
export function getJobs(): Entry {
  const jobs = listJobs();
  const human = table('Arcanna Jobs', jobs, ['job_id', 'title', 'data_type', 'status']);
  return resultEntry(jobs, human, { 'Arcanna.Jobs(val.job_id && val.job_id === obj.job_id)': jobs });
}

/** arcanna-get-decision-set */
export function getDecisionSet(args: ArgumentsByName['arcanna-get-decision-set']): Entry {
  const jobId = jobIdOf(args);
  const result = { job_id: jobId, decision_set: labelsOf(jobId) };
  const human = table(
    'Arcanna Decision Set',
    result.decision_set.map((label) => ({ decision_set: label })),
    ['decision_set'],
  );
  // An event of the job that is in the context already gets them; before there is one they stand alone, and the first event takes them in.
  return resultEntry(result, human, { 'Arcanna.Event(!val.event_id || val.job_id === obj.job_id)': result });
}

/** arcanna-trigger-train. A training that cannot start is an answer to branch on, not a failure of the command. */
export function triggerTrain(args: ArgumentsByName['arcanna-trigger-train']): Entry {
  const jobId = jobIdOf(args);
  const username = neededText(args.username, 'username');
  const answer = callForObject('POST', `/api/v1/jobs/${jobId}/train?username=${encodeURIComponent(username)}`, '{}');
  const result = { job_id: jobId, status: answer.status, error_message: answer.error_message || '' };
  const said = answer.status === 'OK' ? '' : `**The training did not start.** ${plain(result.error_message)}\n\n`;
  const human = `${said}${table('Arcanna Training', [result], ['job_id', 'status', 'error_message'])}`;
  return resultEntry(result, human, { 'Arcanna.Train(val.job_id && val.job_id === obj.job_id)': result });
}

/** arcanna-get-default-job-id */
export function getDefaultJob(): Entry {
  return defaultJobEntry(defaultJobId());
}

/** arcanna-set-default-job-id */
export function setDefaultJob(args: ArgumentsByName['arcanna-set-default-job-id']): Entry {
  const id = String(jobIdOf({ job_id: neededText(args.job_id, 'job_id') }));
  writeMemory(merged(readMemory(), { default_job_id: id }));
  return defaultJobEntry(id);
}

function defaultJobEntry(id: string): Entry {
  const human =
    id === ''
      ? 'The instance has no default AI use case: every command has to name one.'
      : table('Arcanna Default Job', [{ default_job_id: id }], ['default_job_id']);
  return resultEntry({ default_job_id: id }, human, { 'Arcanna.Default_Job_Id(true)': id });
}
