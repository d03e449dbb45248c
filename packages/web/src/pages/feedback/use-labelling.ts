import { useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';

/** What can be labelled: an event that stands for its bucket, or the answer to an audit. */
export interface Labelled {
  readonly key: string;
  readonly eventId: string;
  readonly ask?: string | undefined;
  readonly auditId?: number | undefined;
}

/** What was said in this sitting, by the key of the item; shown at once, taken back where the service refuses it. */
export type Said = ReadonlyMap<string, string>;

/** A vote with what the person had said of the event before: what an undo gives back. */
interface Done {
  readonly item: Labelled;
  readonly before: string | null;
}

/** Votes sent in one call. */
const AT_ONCE = 200;

/** Labels items: optimistic, many in one call, with an undo that takes back exactly those votes. */
export function useLabelling(job: AppJob): {
  readonly said: Said;
  /** @param progress hears how many are sent. @returns how many were taken. */
  label(items: readonly Labelled[], label: string, notes?: string, progress?: (done: number) => void): Promise<number>;
  /** Takes the last labels back. @returns the items whose labels were taken back. */
  undo(): Promise<readonly Labelled[]>;
} {
  const client = useQueryClient();
  const [said, setSaid] = useState<Said>(new Map());
  const history = useRef<(readonly Done[])[]>([]);

  const mark = useCallback((items: readonly Labelled[], label: string | null) => {
    setSaid((before) => {
      const next = new Map(before);
      for (const item of items) label === null ? next.delete(item.key) : next.set(item.key, label);
      return next;
    });
  }, []);

  const refresh = useCallback(
    () => client.invalidateQueries({ queryKey: keys.job(job.job_id), predicate: ({ meta }) => meta?.live !== false }),
    [client, job.job_id],
  );

  const takeBack = useCallback(
    async (done: readonly Done[]) => {
      for (let from = 0; from < done.length; from += AT_ONCE) {
        const some = done.slice(from, from + AT_ONCE);
        const { results } = await api.voteMany(
          job.job_id,
          some.map(({ item, before }) => ({ event_id: item.eventId, label: before })),
        );
        const refused = results.find(({ error }) => error !== '');
        mark(
          some.filter((_, index) => results[index]?.error === '').map(({ item }) => item),
          null,
        );
        if (refused) throw new Error(refused.error);
      }
      await refresh();
    },
    [job.job_id, mark, refresh],
  );

  const undo = useCallback(async () => {
    const last = history.current.pop();
    if (last === undefined) return [];
    try {
      await takeBack(last);
      return last.map(({ item }) => item);
    } catch (error) {
      history.current.push(last);
      notifyError(error);
      return [];
    }
  }, [takeBack]);

  const label = useCallback(
    async (items: readonly Labelled[], name: string, notes?: string, progress?: (done: number) => void) => {
      if (items.length === 0) return 0;
      mark(items, name);
      const done: Done[] = [];
      const problems: string[] = [];
      const failed = (item: Labelled, problem: string) => {
        mark([item], null);
        problems.push(problem);
      };
      // An answer to an audit is evidence, and evidence is neither sent with others nor taken back.
      for (const item of items.filter(({ auditId }) => auditId !== undefined)) {
        try {
          await api.answerAudit(job.job_id, item.auditId!, { label: name });
        } catch (error) {
          failed(item, error instanceof Error ? error.message : String(error));
        }
      }
      const open = items.filter(({ auditId }) => auditId === undefined);
      for (let from = 0; from < open.length; from += AT_ONCE) {
        const some = open.slice(from, from + AT_ONCE);
        try {
          const { results } = await api.voteMany(
            job.job_id,
            some.map(({ eventId, ask }) => ({
              event_id: eventId,
              label: name,
              ...(notes ? { notes } : {}),
              ...(ask === undefined ? {} : { ask }),
            })),
          );
          for (const [index, { error, before }] of results.entries()) {
            if (error === '') done.push({ item: some[index]!, before });
            else failed(some[index]!, error);
          }
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          for (const item of open.slice(from)) failed(item, problem);
          break;
        }
        progress?.(Math.min(open.length, from + AT_ONCE));
      }
      if (problems.length > 0)
        notifyError(
          new Error(problems.length === 1 ? problems[0] : `${problems.length} labels were not taken. The first: ${problems[0]}`),
        );
      if (done.length > 0) {
        history.current.push(done);
        if (items.length > 1)
          notifyUndo(`${done.length.toLocaleString()} buckets are labelled ${name}.`, async () => {
            history.current = history.current.filter((each) => each !== done);
            await takeBack(done);
          });
      }
      void refresh();
      return items.length - problems.length;
    },
    [job.job_id, mark, refresh, takeBack],
  );

  return { said, label, undo };
}
