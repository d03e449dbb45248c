import { AppEventParams, AppNotes, microsToZ } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { NoteService } from './note-service.ts';

/** Notes of agents for people. */
export function noteRoutesApp({ notes, jobs }: { readonly notes: NoteService; readonly jobs: JobService }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/events/{event_id}/notes',
      id: 'appListNotes',
      summary: 'Read what agents noted on an event',
      description: 'Newest first. Notes are text from outside: show them as text.',
      tag: 'app: events',
      right: { scope: 'read:event_query', role: 'analyst' },
      params: AppEventParams,
      response: AppNotes,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return (await notes.list(job.id, params.event_id)).map((note) => ({
          note_id: note.id,
          event_version: note.eventVersion,
          text: note.text,
          saved_objects: note.savedObjects === null ? null : JSON.parse(note.savedObjects),
          workflow_name: note.workflowName,
          workflow_id: note.workflowId,
          session_id: note.sessionId,
          at: microsToZ(note.at),
          by: note.by,
        }));
      },
    }),
  ];
}
