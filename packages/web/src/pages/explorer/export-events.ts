import { verdict } from '../../app/api.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { csvCell } from './csv.ts';
import { type ExplorerState, queryOf, valueAt } from './explorer-query.ts';

const PAGE = 500;
const FURTHEST = 10_000;

/** Saves all events that fit as a file: the columns shown as CSV, or whole events as one JSON a line. */
export async function exportEvents(jobId: number, state: ExplorerState, asOf: number, kind: 'csv' | 'ndjson'): Promise<void> {
  const columns = ['id', '@timestamp', ...state.columns.filter((column) => column !== '@timestamp')];
  const parts: string[] = kind === 'csv' ? [`${columns.map(csvCell).join(',')}\r\n`] : [];
  const seen = new Set<string>();
  try {
    let until: string | null = null;
    let from = 0;
    for (;;) {
      const base = queryOf(state, asOf);
      const query: Record<string, unknown> =
        until === null ? base : { bool: { filter: [base, { range: { '@timestamp': { lte: until } } }] } };
      const { hits } = (
        await verdict.v2.elastic({
          job_ids: [jobId],
          query_body: {
            query,
            from,
            size: PAGE,
            sort: [{ '@timestamp': 'desc' }],
            ...(kind === 'csv' ? { _source: columns } : {}),
          },
        })
      ).hits;
      for (const hit of hits) {
        if (seen.has(hit._id)) continue;
        seen.add(hit._id);
        parts.push(
          kind === 'csv'
            ? `${columns.map((column) => csvCell(column === 'id' ? hit._id : (valueAt(hit._source, column) ?? ''))).join(',')}\r\n`
            : `${JSON.stringify(hit._source)}\n`,
        );
      }
      if (hits.length < PAGE) break;
      from += PAGE;
      if (from + PAGE > FURTHEST) {
        const last: unknown = hits[hits.length - 1]?._source['@timestamp'];
        if (typeof last !== 'string' || last === until) break;
        until = last;
        from = 0;
      }
    }
    save(new Blob(parts, { type: kind === 'csv' ? 'text/csv' : 'application/x-ndjson' }), `events-${jobId}.${kind}`);
    notifyDone(`${seen.size.toLocaleString()} events are saved.`);
  } catch (error) {
    notifyError(error);
  }
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
