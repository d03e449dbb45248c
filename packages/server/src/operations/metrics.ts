import { stat, statfs } from 'node:fs/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Storage } from '../storage/storage.ts';

/** What became of an event that was sent. */
export type IngestResult = 'new' | 'version' | 'repeated' | 'refused';
export const INGEST_RESULTS = ['new', 'version', 'repeated', 'refused'] as const;
/** How a person's feedback stood to the machine's decision. */
export type FeedbackResult = 'agreed' | 'disagreed' | 'no_decision';
export const FEEDBACK_RESULTS = ['agreed', 'disagreed', 'no_decision'] as const;
export type TrainingOutcome = 'finished' | 'failed' | 'cancelled';
export const TRAINING_OUTCOMES = ['finished', 'failed', 'cancelled'] as const;

/** An answered call. `route` is the pattern of the path, never the path itself. */
export interface AnsweredCall {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What the search index lacks. */
export interface SearchLag {
  readonly events: number;
  /** Pieces of columns. */
  readonly pieces: number;
}

/** Distinct decision labels that get a series of their own; the labels of further ones are counted together as `other`. */
const MOST_LABELS = 200;

const HTTP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DECISION_BUCKETS = [
  0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1,
];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * What Prometheus reads: counts, gauges and durations in base units (seconds, bytes, shares), all under `verdict_`. No ids of jobs, events
 * or people are labels, and nothing here comes from an alert.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #events: Readonly<Record<IngestResult, Counter.Internal>>;
  readonly #feedback: Readonly<Record<FeedbackResult, Counter.Internal>>;
  readonly #trainings: Readonly<Record<TrainingOutcome, Counter.Internal>>;
  readonly #trainingSeconds: Histogram;
  readonly #decisionSeconds: Histogram;
  readonly #eventsRemoved: Counter;
  readonly #decisions: Counter<'label'>;
  readonly #byLabel = new Map<string, Counter.Internal>();
  readonly #calls: Counter<'method' | 'route' | 'status'>;
  readonly #callSeconds: Histogram<'method' | 'route' | 'status'>;
  readonly #byCall = new Map<string, Map<string, CallCell[]>>();
  #running = 0;
  #readDepth: () => number = () => 0;
  #readSearchLag: () => SearchLag = () => ({ events: 0, pieces: 0 });
  #diskIsLow: () => boolean = () => false;

  constructor(options: { readonly version: string; readonly storage: Pick<Storage, 'file' | 'folder' | 'waiting'> }) {
    const { version, storage } = options;
    const registers = [this.#registry];

    const build = new Gauge({
      name: 'verdict_build_info',
      help: 'Always 1; the version is a label',
      labelNames: ['version'],
      registers,
    });
    build.set({ version }, 1);

    const events = new Counter({
      name: 'verdict_events_total',
      help: 'Events sent, by what became of them',
      labelNames: ['result'],
      registers,
    });
    this.#events = childrenOf(events, INGEST_RESULTS);
    this.#eventsRemoved = new Counter({
      name: 'verdict_events_removed_total',
      help: 'Events removed by retention',
      registers,
    });
    this.#decisions = new Counter({
      name: 'verdict_decisions_total',
      help: 'Decisions given to events, by label',
      labelNames: ['label'],
      registers,
    });
    this.#decisionSeconds = new Histogram({
      name: 'verdict_decision_seconds',
      help: 'Time to decide one event',
      buckets: DECISION_BUCKETS,
      registers,
    });
    const feedback = new Counter({
      name: 'verdict_feedback_total',
      help: 'Votes given, by how they stood to the decision',
      labelNames: ['result'],
      registers,
    });
    this.#feedback = childrenOf(feedback, FEEDBACK_RESULTS);

    const readDepth = (): number => this.#readDepth();
    new Gauge({
      name: 'verdict_queue_events',
      help: 'Events that wait for the writer',
      registers,
      collect() {
        this.set(readDepth());
      },
    });
    const readSearchLag = (): SearchLag => this.#readSearchLag();
    new Gauge({
      name: 'verdict_search_lag_events',
      help: 'Stored events that the search index does not hold yet; searches look at each of them',
      registers,
      collect() {
        this.set(readSearchLag().events);
      },
    });
    new Gauge({
      name: 'verdict_search_pieces_missing',
      help: 'Pieces of columns that are still to be built; searches read the alerts instead',
      registers,
      collect() {
        this.set(readSearchLag().pieces);
      },
    });
    new Gauge({
      name: 'verdict_storage_units_waiting',
      help: 'Units of work that wait for the writer',
      registers,
      collect() {
        this.set(storage.waiting);
      },
    });

    const running = (): number => this.#running;
    new Gauge({
      name: 'verdict_trainings_running',
      help: 'Trainings that run now',
      registers,
      collect() {
        this.set(running());
      },
    });
    const trainings = new Counter({
      name: 'verdict_trainings_total',
      help: 'Trainings that ended, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.#trainings = childrenOf(trainings, TRAINING_OUTCOMES);
    this.#trainingSeconds = new Histogram({
      name: 'verdict_training_seconds',
      help: 'Duration of trainings that finished',
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800],
      registers,
    });

    this.#callSeconds = new Histogram({
      name: 'verdict_http_request_seconds',
      help: 'Time to answer a call',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS,
      registers,
    });
    const flush = (): void => this.#flushCalls();
    this.#calls = new Counter({
      name: 'verdict_http_requests_total',
      help: 'Calls answered, by route pattern and class of status',
      labelNames: ['method', 'route', 'status'],
      registers,
      collect: flush,
    });

    fileGauge('verdict_database_bytes', 'Size of the database file', storage.file, registers);
    fileGauge('verdict_database_wal_bytes', 'Size of the write-ahead log', `${storage.file}-wal`, registers);
    diskGauges(storage.folder, registers);
    const low = (): boolean => this.#diskIsLow();
    new Gauge({
      name: 'verdict_disk_low',
      help: '1 while the disk of the data folder is fuller than the service is set to warn of',
      registers,
      collect() {
        this.set(low() ? 1 : 0);
      },
    });
  }

  /** `n` events were stored anew, as a new version, were there already, or were refused. */
  eventsIngested(n: number, result: IngestResult): void {
    this.#events[result].inc(n);
  }

  /** Events that retention removed. */
  eventsRemoved(n: number): void {
    this.#eventsRemoved.inc(n);
  }

  /** An event was given a decision; `label` is the label's name or `no_decision`. */
  decision(label: string): void {
    let child = this.#byLabel.get(label);
    if (!child) {
      child = this.#decisions.labels(this.#byLabel.size < MOST_LABELS ? label : 'other');
      if (this.#byLabel.size < MOST_LABELS) this.#byLabel.set(label, child);
    }
    child.inc();
  }

  /** Time that deciding one event took. */
  decisionSeconds(seconds: number): void {
    this.#decisionSeconds.observe(seconds);
  }

  feedback(result: FeedbackResult): void {
    this.#feedback[result].inc();
  }

  /** A training began; the returned function says how it ended, once, and after how many seconds. */
  trainingStarted(): (outcome: TrainingOutcome, seconds: number) => void {
    this.#running++;
    let open = true;
    return (outcome, seconds) => {
      if (!open) return;
      open = false;
      this.#running--;
      this.#trainings[outcome].inc();
      if (outcome === 'finished') this.#trainingSeconds.observe(seconds);
    };
  }

  /** Where the number of events that wait for the writer is read. */
  watchQueue(read: () => number): void {
    this.#readDepth = read;
  }

  /** Where it is read what the search index lacks. */
  watchSearch(readLag: () => SearchLag): void {
    this.#readSearchLag = readLag;
  }

  /** Where it is read whether the disk is low. */
  watchDisk(isLow: () => boolean): void {
    this.#diskIsLow = isLow;
  }

  /** A call was answered. Called for every one: it finds its series without building a string. */
  readonly answered = (call: AnsweredCall): void => {
    let methods = this.#byCall.get(call.route);
    if (!methods) {
      methods = new Map();
      this.#byCall.set(call.route, methods);
    }
    const method = METHODS.has(call.method) ? call.method : 'other';
    let cells = methods.get(method);
    if (!cells) {
      cells = [];
      methods.set(method, cells);
    }
    const status = Math.floor(call.status / 100);
    let cell = cells[status];
    if (!cell) {
      const labels = { method, route: call.route, status: `${status}xx` };
      cell = { count: 0, counter: this.#calls.labels(labels), seconds: this.#callSeconds.labels(labels) };
      cells[status] = cell;
    }
    cell.count++;
    cell.seconds.observe(call.seconds);
  };

  /** Everything in the text format of Prometheus. */
  async text(): Promise<string> {
    const [own, process] = await Promise.all([this.#registry.metrics(), processRegistry().metrics()]);
    return `${own.trimEnd()}\n\n${process}`;
  }

  /** The content type of `text`. */
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  /** Calls are counted in plain numbers and handed over when somebody looks: a labelled counter looks its labels up each time. */
  #flushCalls(): void {
    for (const methods of this.#byCall.values()) {
      for (const cells of methods.values()) {
        for (const cell of cells) {
          if (!cell || cell.count === 0) continue;
          cell.counter.inc(cell.count);
          cell.count = 0;
        }
      }
    }
  }
}

interface CallCell {
  count: number;
  readonly counter: Counter.Internal;
  readonly seconds: Histogram.Internal<'method' | 'route' | 'status'>;
}

/** The series of a metric, each at 0 from the start, so that a rate is seen from the first increment. */
function childrenOf<Name extends string, Label extends string>(
  metric: Counter<Label>,
  names: readonly Name[],
): Readonly<Record<Name, Counter.Internal>> {
  const children = names.map((name) => {
    const child = metric.labels(name);
    child.inc(0);
    return [name, child];
  });
  return Object.fromEntries(children) as Record<Name, Counter.Internal>;
}

/** Sizes are read when somebody looks; a file that is not there has 0 bytes. */
function fileGauge(name: string, help: string, file: string, registers: Registry[]): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(
        await stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      );
    },
  });
}

function diskGauges(folder: string, registers: Registry[]): void {
  const free = new Gauge({
    name: 'verdict_disk_free_bytes',
    help: 'Space on the disk of the data folder that this service may still use',
    registers,
    async collect() {
      const disk = await statfs(folder).catch(() => null);
      if (!disk) return;
      this.set(disk.bavail * disk.bsize);
      size.set(disk.blocks * disk.bsize);
    },
  });
  const size = new Gauge({ name: 'verdict_disk_size_bytes', help: 'Size of the disk of the data folder', registers });
  free.set(0);
}

let shared: Registry | undefined;

/** Facts of the process (CPU, memory, event-loop lag, garbage collection): measured once, however many services run in it. */
function processRegistry(): Registry {
  if (!shared) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared, prefix: 'verdict_' });
  }
  return shared;
}
