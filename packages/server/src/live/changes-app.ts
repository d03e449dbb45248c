import { Type } from 'typebox';
import { type Route, route } from '../http/route.ts';
import type { Authenticate } from '../http/server.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Changes, Numbered } from './changes.ts';

/** Between signs of life, in milliseconds: proxies cut what is silent for a minute. */
const BEAT = 20_000;
/** A reader that is this many bytes behind is let go; it comes back and asks anew. */
const BEHIND = 256 * 1024;

const LiveQuery = Type.Object({
  job_id: Type.Optional(Type.Integer({ minimum: 1, description: 'Only changes of this AI use case.' })),
  after: Type.Optional(
    Type.String({
      maxLength: 100,
      description:
        'A place: what changed after it is told first. `live_place` of the session, or the `id` of an event of this stream.',
    }),
  ),
});

/** The stream of changes that keeps pages up to date. */
export function changesRoutesApp(deps: {
  readonly jobs: JobService;
  readonly changes: Changes;
  readonly authenticate: Authenticate;
}): Route[] {
  const { jobs, changes, authenticate } = deps;
  return [
    route({
      method: 'GET',
      path: '/api/app/live',
      id: 'appLive',
      summary: 'Hear of changes as they happen (server-sent events)',
      description:
        'Events: `events` (new ones came in), `feedback`, `task`, `model`, `job`, each with the job_id; `refetch` where some were missed: ask for everything again; `here` at the start and every 20 seconds, of which only the `id` matters. Ends with the session.',
      tag: 'app: AI use cases',
      right: { scope: 'read:resources', role: 'analyst' },
      query: LiveQuery,
      async handler({ principal, query, request, reply }) {
        const only = query.job_id;
        if (only !== undefined) await jobs.get(principal, only);
        const heard = request.headers['last-event-id'];
        const { raw } = reply;
        reply.hijack();
        raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'x-accel-buffering': 'no',
        });
        const send = (text: string) => {
          if (raw.writableLength > BEHIND) raw.destroy();
          else raw.write(text);
        };
        const tell = (change: Numbered) => {
          if (only !== undefined && change.jobId !== only) return;
          const data = JSON.stringify({ job_id: change.jobId, ...change.data });
          send(`event: ${change.kind}\nid: ${changes.place(change.seq)}\ndata: ${data}\n\n`);
        };
        raw.write('retry: 2000\n\n');
        const listening = changes.listen(tell, () => raw.end(), typeof heard === 'string' ? heard : query.after);
        const say = (kind: string) => send(`event: ${kind}\nid: ${changes.place()}\ndata: {}\n\n`);
        if (listening.missed) say('refetch');
        say('here');
        const beat = setInterval(() => {
          say('here');
          // Who has signed out, or whose key was revoked, hears nothing more.
          Promise.resolve()
            .then(() => (principal.kind === 'operator' ? principal : authenticate(request)))
            .catch(() => raw.end());
        }, BEAT);
        beat.unref();
        raw.once('close', () => {
          clearInterval(beat);
          listening.off();
        });
        return reply;
      },
    }),
  ];
}
