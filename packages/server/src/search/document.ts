import { type ArcannaBlock, microsToZ } from '@verdict/contract';
import type { StoredEvent } from '../ingest/event.ts';
import type { SearchDocument } from './query.ts';
import { eachLeaf, existsAt, leavesAt, type Scalar, timeOf } from './value.ts';

/** Members of ours beside those of the alert; an alert's own member of such a name is found below `raw_event`. */
export const OURS: ReadonlySet<string> = new Set(['arcanna', 'id', 'metadata', 'timestamp_inference', 'raw_event', '@timestamp']);

/** What of a document is known; what costs something is asked for only when a query wants it. */
export interface DocumentParts {
  readonly seq: number;
  readonly jobId: number;
  readonly eventId: string;
  readonly eventAt: number;
  readonly event: () => StoredEvent;
  /** The parsed alert. */
  readonly alert: () => Readonly<Record<string, unknown>>;
  readonly arcanna: () => ArcannaBlock;
  /** What is known of alerts without parsing them. */
  readonly columns?: KnownValues;
}

/** What alerts hold at paths, by the numbers of the events, as far as somebody remembers. */
export interface KnownValues {
  get(path: string, seq: number): readonly Scalar[] | undefined;
  put(path: string, seq: number, values: readonly Scalar[]): void;
}

/** Whether reading this field needs the alert itself. */
export function needsAlert(field: string): boolean {
  const dot = field.indexOf('.');
  const first = dot < 0 ? field : field.slice(0, dot);
  return first === 'raw_event' || !(OURS.has(first) || field === '_id' || field === '_index' || field === '_doc');
}

/** An event as search sees it. */
export function documentOf(parts: DocumentParts): SearchDocument {
  return new StoredDocument(parts);
}

class StoredDocument implements SearchDocument {
  readonly #parts: DocumentParts;
  #alert: Readonly<Record<string, unknown>> | undefined;
  #own: Readonly<Record<string, unknown>> | undefined;
  #arcanna: ArcannaBlock | undefined;

  constructor(parts: DocumentParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.eventId;
  }

  get jobId(): number {
    return this.#parts.jobId;
  }

  get seq(): number {
    return this.#parts.seq;
  }

  values(path: string): readonly Scalar[] {
    if (path === '_id') return [this.id];
    if (path === '_index') return [String(this.jobId)];
    if (path === '@timestamp') return [microsToZ(this.#parts.eventAt)];
    const { columns } = this.#parts;
    if (!columns || !needsAlert(path)) return this.#valuesAt(path);
    const known = columns.get(path, this.seq);
    if (known) return known;
    const values = this.#valuesAt(path);
    columns.put(path, this.seq, values);
    return values;
  }

  times(path: string): readonly number[] {
    return path === '@timestamp' ? [this.#parts.eventAt] : this.values(path).flatMap((value) => timeOf(value) ?? []);
  }

  exists(path: string): boolean {
    const at = this.#locate(path);
    return at.path === undefined ? at.node !== undefined : existsAt(at.node, at.path);
  }

  leaves(visit: (path: string, value: Scalar) => void): void {
    eachLeaf(this.#raw(), visit);
    visit('metadata.id', this.id);
    const { title } = this.#parts.event();
    if (title !== null) visit('metadata.description', title);
  }

  source(): Readonly<Record<string, unknown>> {
    const raw = this.#raw();
    const collides = [...OURS].some((name) => name !== '@timestamp' && Object.hasOwn(raw, name));
    // Spreading keeps an alert's own `__proto__` a member like any other.
    return {
      ...raw,
      ...this.#ours(),
      arcanna: this.#block(),
      ...(collides ? { raw_event: raw } : {}),
    };
  }

  #valuesAt(path: string): readonly Scalar[] {
    const at = this.#locate(path);
    return at.path === undefined ? [] : leavesAt(at.node, at.path);
  }

  /** Where a path is to be followed from; no path = the node itself is meant. */
  #locate(path: string): { readonly node: unknown; readonly path: string | undefined } {
    const dot = path.indexOf('.');
    const first = dot < 0 ? path : path.slice(0, dot);
    const rest = dot < 0 ? undefined : path.slice(dot + 1);
    if (first === 'arcanna') return { node: this.#block(), path: rest };
    if (first === 'raw_event') return { node: this.#raw(), path: rest };
    return { node: OURS.has(first) ? this.#ours() : this.#raw(), path };
  }

  #raw(): Readonly<Record<string, unknown>> {
    this.#alert ??= this.#parts.alert();
    return this.#alert;
  }

  #block(): ArcannaBlock {
    this.#arcanna ??= this.#parts.arcanna();
    return this.#arcanna;
  }

  #ours(): Readonly<Record<string, unknown>> {
    if (this.#own) return this.#own;
    const event = this.#parts.event();
    this.#own = {
      '@timestamp': microsToZ(event.eventAt),
      timestamp_inference: event.decidedAt === null ? null : microsToZ(event.decidedAt),
      id: event.eventId,
      metadata: {
        id: event.eventId,
        description: event.title,
        severity: event.severity,
        ingested_timestamp: microsToZ(event.ingestedAt),
      },
    };
    return this.#own;
  }
}
