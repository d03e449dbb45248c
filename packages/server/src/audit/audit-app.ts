import { type AppAuditEntry, AppAuditPage, AppAuditQuery, AppAuditVerdict, microsToZ, parseTimestamp } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { Storage } from '../storage/storage.ts';
import type { AuditRow } from './audit.ts';
import type { AuditTrail } from './audit-trail.ts';

const PAGE = 100;

/** Reading and checking the audit trail. */
export function auditRoutesApp({ audit, storage }: { audit: AuditTrail; storage: Storage }): Route[] {
  const read: Storage['read'] = (reader) => storage.read(reader);
  return [
    route({
      method: 'GET',
      path: '/api/app/audit',
      id: 'appListAudit',
      summary: 'Who changed what, newest first',
      tag: 'app: audit trail',
      right: { role: 'admin' },
      query: AppAuditQuery,
      response: AppAuditPage,
      async handler({ query }) {
        const filter = {
          actor: query.actor ?? null,
          action: query.action ?? null,
          objectKind: query.object_kind ?? null,
          objectId: query.object_id ?? null,
          jobId: query.job_id ?? null,
          from: timeOf('from', query.from),
          to: timeOf('to', query.to),
        };
        const { rows, next } = await audit.list(read, filter, query.before ?? null, query.size ?? PAGE);
        return { entries: rows.map(present), next };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/audit/verify',
      id: 'appVerifyAudit',
      summary: 'Check that the audit trail is as it was written',
      tag: 'app: audit trail',
      right: { role: 'admin' },
      response: AppAuditVerdict,
      async handler() {
        const { ok, rows, firstBroken, head, sentence } = await audit.verify(read);
        return { ok, rows, first_broken: firstBroken ?? null, head: head ?? null, sentence };
      },
    }),
  ];
}

function timeOf(member: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = parseTimestamp(text);
  if (time !== null) return time;
  const msg = 'must be a date or time in ISO 8601, say 2021-09-02T09:46:22Z';
  throw new Refusal('invalid', `query.${member} ${msg}.`, { problems: [{ loc: ['query', member], msg, type: 'bad_format' }] });
}

function present(row: AuditRow): AppAuditEntry {
  const { seq, actor_kind, actor_id, actor_name, origin, action, object_kind, object_id, job_id, hash } = row;
  const sides = { before: parsed(row.before), after: parsed(row.after) };
  return {
    seq,
    at: microsToZ(row.at),
    actor_kind,
    actor_id,
    actor_name,
    origin,
    action,
    object_kind,
    object_id,
    job_id,
    ...sides,
    hash,
  };
}

/** A side that somebody tampered with is shown as the text it is. */
function parsed(side: string | null): unknown {
  if (side === null) return null;
  try {
    return JSON.parse(side);
  } catch {
    return side;
  }
}
