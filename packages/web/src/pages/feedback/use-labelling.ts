import { useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import type { Item } from './queues.ts';

/** What was said in this sitting, by the key of the item; shown at once, taken back where the service refuses it. */
export type Said = ReadonlyMap<string, string>;

/** Labels items: optimistic, with an undo that takes back exactly those votes. */
export function useLabelling(job: AppJob): {
  readonly said: Said;
  label(items: readonly Item[], label: string, notes?: string): Promise<void>;
  undo(): Promise<void>;
} {
  const client = useQueryClient();
  const [said, setSaid] = useState<Said>(new Map());
  const history = useRef<(readonly Item[])[]>([]);

  const mark = useCallback((items: readonly Item[], label: string | null) => {
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
    async (items: readonly Item[]) => {
      // An answer to an audit is evidence, and evidence is not taken back.
      const open = items.filter((item) => item.auditId === undefined);
      await Promise.all(open.map((item) => api.withdrawVote(job.job_id, item.eventId)));
      mark(open, null);
      await refresh();
    },
    [job.job_id, mark, refresh],
  );

  const label = useCallback(
    async (items: readonly Item[], name: string, notes?: string) => {
      mark(items, name);
      const done: Item[] = [];
      const failed: { item: Item; error: unknown }[] = [];
      for (const item of items) {
        try {
          if (item.auditId !== undefined) await api.answerAudit(job.job_id, item.auditId, { label: name });
          else
            await api.vote(job.job_id, item.eventId, {
              label: name,
              ...(notes ? { notes } : {}),
              ...(item.ask === undefined ? {} : { ask: item.ask }),
            });
          done.push(item);
        } catch (error) {
          failed.push({ item, error });
        }
      }
      mark(
        failed.map(({ item }) => item),
        null,
      );
      if (failed[0]) notifyError(failed[0].error);
      if (done.length > 0 && done.every((item) => item.auditId === undefined)) {
        history.current.push(done);
        if (items.length > 1) notifyUndo(`${done.length} buckets are labelled ${name}.`, () => takeBack(done));
      }
      void refresh();
    },
    [job.job_id, mark, refresh, takeBack],
  );

  const undo = useCallback(async () => {
    const last = history.current.pop();
    if (last === undefined) return;
    try {
      await takeBack(last);
    } catch (error) {
      history.current.push(last);
      notifyError(error);
    }
  }, [takeBack]);

  return { said, label, undo };
}
