import { AgenticNotesAnswer, AgenticNotesRequest, readEventId } from '@verdict/contract';
import { Type } from 'typebox';
import { expectValid } from '../http/read.ts';
import { refusedStatus } from '../http/request-status.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { NoteService } from './note-service.ts';

const Params = Type.Object({ job_id: Type.Integer({ minimum: 1 }), event_id: Type.String({ minLength: 1, maxLength: 200 }) });

/** Notes of agents through the v2 API. */
export function noteRoutesV2({ notes, jobs }: { readonly notes: NoteService; readonly jobs: JobService }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v2/events/{job_id}/{event_id}/add_agentic_notes',
      id: 'v2AddAgenticNotes',
      summary: 'Keep what an agent found with an event',
      description: 'People see it with the event. It is never counted as feedback.',
      tag: 'v2: events',
      right: { scope: 'write:event_agentic_notes' },
      params: Params,
      body: AgenticNotesRequest,
      response: AgenticNotesAnswer,
      async handler({ principal, params, body, origin }) {
        const job = await jobs.get(principal, params.job_id);
        try {
          const draft = {
            text: body.agent_notes,
            savedObjects: body.agent_saved_objects,
            workflowName: body.workflow_name ?? null,
            workflowId: textOrNull(body.workflow_id),
            sessionId: textOrNull(body.session_id),
          };
          await notes.add(job.id, expectValid(readEventId(params.event_id)), draft, origin);
          return { status: 'OK', reason: '', reason_details: [] };
        } catch (error) {
          const { status, reason } = refusedStatus(error);
          return { status, reason, reason_details: [] };
        }
      },
    }),
  ];
}

function textOrNull(value: string | number | null | undefined): string | null {
  return value === undefined || value === null ? null : String(value);
}
