import { type Query, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { keys } from './api.ts';
import { lookForService } from './reachable.ts';

/** A change that the service tells of. `kind` is the name of the server-sent event, `data` its JSON. */
export interface LiveChange {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Milliseconds until a change shows: at once for the first, seldom for those that follow it. */
const SOON = 150;
const SELDOM = 2_000;
/** Until a stream that the service refused is asked for again: the session may have ended, and the person signs in again. */
const AGAIN = 5_000;
/**
 * How long a tab that nobody sees still listens: browsers open six connections to a host for all its tabs together, and a stream holds one. Six tabs
 * in the background would keep a seventh from loading.
 */
const UNSEEN = 10_000;
/** For answers with `meta.live` `'seldom'`, which count events: how old they may get while nothing but new events comes. */
export const SELDOM_MS = 60_000;

/** What the service tells of, by name; each says which answers are old now. */
export const LIVE_KINDS = ['events', 'feedback', 'task', 'training', 'model', 'job', 'guard', 'refetch'] as const;

/** The last place in the stream of changes that this tab has heard of, so that the next stream begins there. */
let place: string | undefined;

/** Until a stream says where it stands, changes are told from here on: asked for before anything that a page shows. */
export function hearFrom(from: string): void {
  place ??= from;
}

/**
 * Listens to the changes of a use case while the component is there: what was asked for before is asked again (not more often than
 * every two seconds), and `onChange` hears of each. The stream comes back by itself
 * after a broken connection, and after the person has signed in again.
 */
export function useLive(jobId: number | undefined, onChange?: (change: LiveChange) => void): void {
  const client = useQueryClient();
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const since = Date.now();
    const kinds = new Set<string>();
    let opened = false;
    let refused = false;
    const refresh = (kind: string) => {
      kinds.add(kind);
      timer ??= setTimeout(
        () => {
          timer = undefined;
          last = Date.now();
          const onlyEvents = kinds.size === 1 && kinds.has('events');
          kinds.clear();
          const stays = ({ meta, state }: Query) =>
            meta?.live === false || (onlyEvents && meta?.live === 'seldom' && last - state.dataUpdatedAt < SELDOM_MS);
          void client.invalidateQueries({ queryKey: keys.jobs });
          if (jobId !== undefined)
            void client.invalidateQueries({ queryKey: keys.job(jobId), predicate: (query) => !stays(query) });
        },
        Math.max(SOON, last + SELDOM - Date.now()),
      );
    };
    const stand = ({ lastEventId }: MessageEvent<string>) => {
      place = lastEventId;
    };
    const listen = (kind: string) => (message: MessageEvent<string>) => {
      stand(message);
      onChange?.({ kind, data: parse(message.data) });
      refresh(kind);
    };
    const connect = () => {
      const asked = new URLSearchParams();
      if (jobId !== undefined) asked.set('job_id', String(jobId));
      if (place !== undefined) asked.set('after', place);
      const stream = new EventSource(`/api/app/live?${asked}`);
      source = stream;
      stream.addEventListener('open', heardOpen);
      stream.addEventListener('error', () => {
        lookForService();
        // A broken stream comes back by itself; one that was refused does not: the session has ended, or the use case is gone.
        if (stream.readyState !== EventSource.CLOSED) return;
        again = setTimeout(connect, AGAIN);
        if (!refused) refresh('refused');
        refused = true;
      });
      stream.addEventListener('here', stand);
      for (const kind of LIVE_KINDS) stream.addEventListener(kind, listen(kind));
    };
    const disconnect = () => {
      source?.close();
      source = undefined;
      clearTimeout(again);
    };
    let unseen: ReturnType<typeof setTimeout> | undefined;
    const seen = () => {
      clearTimeout(unseen);
      if (document.visibilityState === 'hidden') unseen = setTimeout(disconnect, UNSEEN);
      else if (source === undefined) connect();
    };
    // What this page asks for is asked after `place`, so the stream tells of all that changed since. What was kept from another page may have
    // changed before that; to ask for the rest again as well would have the service count everything twice whenever a page is opened.
    const heardOpen = () => {
      refused = false;
      if (opened) return;
      opened = true;
      const old = ({ meta, state }: Query) => meta?.live !== false && state.fetchStatus === 'idle' && state.dataUpdatedAt < since;
      void client.invalidateQueries({ queryKey: keys.jobs, predicate: old });
      if (jobId !== undefined) void client.invalidateQueries({ queryKey: keys.job(jobId), predicate: old });
    };
    seen();
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(unseen);
      disconnect();
      clearTimeout(timer);
    };
  }, [client, jobId, onChange]);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
