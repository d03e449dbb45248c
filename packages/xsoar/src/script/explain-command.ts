import type { ArgumentsByName } from '../pack/commands.ts';
import { pathOf } from './event-commands.ts';
import { jobIdOf } from './jobs.ts';
import { type Entry, type Fields, merged, resultEntry, table } from './platform.ts';
import { callForObject } from './server.ts';
import { isObject, neededText, plain } from './values.ts';

const HEADERS = ['label', 'similarity', 'agree', 'differ', 'votes', 'labelled_by', 'event_id'];

/** verdict-explain */
export function explain(args: ArgumentsByName['verdict-explain']): Entry {
  const jobId = jobIdOf(args);
  const eventId = neededText(args.event_id, 'event_id');
  const view = merged(callForObject('GET', `${pathOf(jobId, eventId)}/explanation`), { job_id: jobId }) as Fields;
  const nearest = Array.isArray(view.nearest) ? view.nearest.filter(isObject) : [];
  const similar =
    nearest.length === 0 ? 'No labelled alert is similar.\n' : table('Most similar labelled alerts', nearest.map(rowOf), HEADERS);
  return resultEntry(view, `${headingOf(view, eventId)}${reasonsOf(view)}${guardOf(view)}${similar}`, {
    'Verdict.Explanation(val.event_id && val.event_id === obj.event_id)': view,
  });
}

function headingOf(view: Fields, eventId: string): string {
  const decision = view.result_label || view.result || 'not decided yet';
  const confidence = typeof view.confidence_score === 'number' ? ` (confidence ${view.confidence_score} %)` : '';
  return `### Event ${plain(eventId)}: ${plain(decision)}${confidence}\n`;
}

function reasonsOf({ reasons }: Fields): string {
  return Array.isArray(reasons) ? `${reasons.map((reason) => `- ${plain(reason)}\n`).join('')}\n` : '';
}

function guardOf({ guard }: Fields): string {
  return isObject(guard) ? `**Automation**: ${plain(guard.automation)}. ${plain(guard.automation_reason)}\n\n` : '';
}

function rowOf(neighbour: Fields): Fields {
  const differ = Array.isArray(neighbour.differ) ? neighbour.differ.filter(isObject) : [];
  const votes = isObject(neighbour.votes) ? neighbour.votes : {};
  return {
    label: neighbour.label || 'undecided',
    similarity: typeof neighbour.similarity === 'number' ? Math.round(neighbour.similarity * 1000) / 1000 : neighbour.similarity,
    agree: joined(neighbour.agree),
    differ: differ
      .map(({ decision_point, here, there }) => `${decision_point}: ${shown(here)}, there ${shown(there)}`)
      .join('; '),
    votes: Object.keys(votes)
      .map((label) => `${label} ${votes[label]}`)
      .join(', '),
    labelled_by: joined(neighbour.labelled_by),
    event_id: neighbour.event_id,
  };
}

function joined(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : '';
}

function shown(value: unknown): string {
  return value === null || value === undefined ? 'nothing' : JSON.stringify(value);
}
