import { Readable } from 'node:stream';
import { AppExport, AppJobParams } from '@verdict/contract';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import { csvHead } from './export-lines.ts';
import type { SearchService } from './search-service.ts';

const DEFAULT_COLUMNS = ['id', '@timestamp', 'metadata.description', 'arcanna.result_label', 'arcanna.consensus'];

/** All events that a search finds, as a file. */
export function exportRoutesApp(deps: {
  readonly jobs: JobService;
  readonly search: SearchService;
  readonly audit: AuditTrail;
  readonly storage: Storage;
}): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/export',
      id: 'appExportEvents',
      summary: 'Export all events that a query finds, as CSV or NDJSON',
      description:
        'Streamed, newest first; `x-total-count` says how many will come. In CSV, cells that a spreadsheet would take for a formula begin ' +
        'with an apostrophe. In NDJSON each line has the alert as it came, under `raw_event`, and what is known about it.',
      tag: 'app: events',
      right: { scope: 'read:event_export', role: 'analyst' },
      params: AppJobParams,
      body: AppExport,
      async handler({ principal, origin, params, body, reply }) {
        const job = await deps.jobs.get(principal, params.job_id);
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const columns = body.format === 'csv' ? (body.columns ?? DEFAULT_COLUMNS) : null;
        const found = await deps.search.export(principal, job, body.query, columns, gone.signal);
        await deps.storage.write((tx) =>
          deps.audit.record(tx, origin, {
            action: 'events.export',
            objectKind: 'job',
            objectId: String(job.id),
            jobId: job.id,
            after: { format: body.format, events: found.total },
          }),
        );
        reply.header('x-total-count', String(found.total));
        reply.header('content-disposition', `attachment; filename="events-${job.id}.${body.format}"`);
        reply.type(columns === null ? 'application/x-ndjson; charset=utf-8' : 'text/csv; charset=utf-8');
        return Readable.from(withHead(columns, found.lines));
      },
    }),
  ];
}

async function* withHead(columns: readonly string[] | null, lines: AsyncIterable<string>): AsyncGenerator<string> {
  // A byte order mark tells spreadsheets that the text is UTF-8.
  if (columns !== null) yield `\u{feff}${csvHead(columns)}`;
  yield* lines;
}
