import type { AppJob, VerdictClient } from '@verdict/client';
import { CliError } from './io.ts';
import { printable } from './table.ts';

/**
 * The AI use case by its number or title (exact, else in any letter case).
 * @throws CliError naming those that are there.
 */
export async function findJob(client: VerdictClient, name: string): Promise<AppJob> {
  const jobs = await client.app.jobs();
  const found = jobNamed(jobs, name);
  if (found) return found;
  const titles = jobs.slice(0, 10).map((job) => `${job.job_id} "${printable(job.title)}"`);
  const known = titles.length === 0 ? 'There is none yet.' : `There are: ${titles.join(', ')}${jobs.length > 10 ? ', …' : ''}.`;
  throw new CliError(`There is no AI use case "${printable(name)}". ${known}`);
}

/** The same among those given, or undefined. A title wins over a number. */
export function jobNamed(jobs: readonly AppJob[], name: string): AppJob | undefined {
  const wanted = name.trim();
  return (
    jobs.find(({ title }) => title === wanted) ??
    jobs.find(({ title }) => title.toLowerCase() === wanted.toLowerCase()) ??
    jobs.find(({ job_id }) => String(job_id) === wanted)
  );
}
