import type { AppJob } from '@verdict/client/browser';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../../app/api.ts';
import { type LiveChange, useLive } from '../../app/live.ts';
import { useSession } from '../../app/session.ts';
import { type Item, saidOf } from './queues.ts';

/** What others said of an item while it was shown. */
export interface Others extends Pick<Item, 'consensus' | 'overruled' | 'votes'> {
  readonly by: string;
}

/** Waits for more changes before it asks, in milliseconds. */
const TOGETHER = 250;
const MOST = 500;

/**
 * Listens to what others say of the items while these are shown. Items stay where they are and keep their key: only what is said of them
 * changes, so that two people who label at once see each other and never lose a label.
 */
export function useOthers(job: AppJob, items: readonly Item[]): ReadonlyMap<string, Others> {
  const me = useSession()?.name;
  const [others, setOthers] = useState<ReadonlyMap<string, Others>>(new Map());
  const waiting = useRef(new Map<number, string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = useRef(items);
  shown.current = items;
  const ask = useCallback(async () => {
    const asked = new Map(waiting.current);
    waiting.current.clear();
    const found = await api
      .findBuckets(job.job_id, { bucket_ids: [...asked.keys()].slice(0, MOST) })
      .catch(() => ({ buckets: [] }));
    setOthers((before) => {
      const next = new Map(before);
      for (const bucket of found.buckets) {
        const item = shown.current.find(({ bucketId }) => bucketId === bucket.bucket_id);
        if (item) next.set(item.key, { ...saidOf(bucket), by: asked.get(bucket.bucket_id) ?? '' });
      }
      return next;
    });
  }, [job.job_id]);
  const heard = useCallback(
    ({ kind, data }: LiveChange) => {
      const { bucket_id: id, by } = data;
      if (kind !== 'feedback' || typeof id !== 'number' || typeof by !== 'string' || by === me) return;
      if (!shown.current.some(({ bucketId }) => bucketId === id)) return;
      waiting.current.set(id, by);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void ask(), TOGETHER);
    },
    [ask, me],
  );
  useLive(job.job_id, heard);
  useEffect(() => () => clearTimeout(timer.current), []);
  return others;
}
