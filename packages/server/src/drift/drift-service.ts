import { compareWindows, type DriftReport, type DriftSample, type DriftWindow, parsePointValues } from '@verdict/engine';
import type { Clock } from '../clock.ts';
import { classId, type Job } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrainingService } from '../training/training-service.ts';
import { dayOf, liveWindow } from './drift.ts';
import * as store from './drift-store.ts';

/** The window that is compared, in microseconds; never before the model was made. */
const WINDOW = 7 * 86_400 * 1_000_000;
/** Events and votes that one look counts. */
const MOST = 1_000;
/** How long a finding is shown before it is looked for again, in microseconds. */
const FRESH = 10 * 60 * 1_000_000;

/** What has moved since the active model was trained. */
export interface Drift {
  readonly modelId: number;
  /** Microseconds: the recent window. */
  readonly from: number;
  readonly to: number;
  readonly report: DriftReport;
}

/** Watches whether what comes in, what is decided and how far people agree is still as it was when the active model was trained. */
export class DriftService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #training: TrainingService;
  readonly #latest = new Map<number, { readonly modelId: number; readonly at: number; readonly warnings: readonly string[] }>();

  constructor(storage: Storage, clock: Clock, training: TrainingService) {
    this.#storage = storage;
    this.#clock = clock;
    this.#training = training;
  }

  /** Compares now; undefined without an active model, or one that was trained before references were kept. */
  async of(job: Job): Promise<Drift | undefined> {
    if (job.activeModelId === null) return undefined;
    const model = await this.#training.model(job.id, job.activeModelId);
    const stored = await this.#storage.read((tx) => store.getReference(tx, model.id));
    if (stored === null) return undefined;
    const reference = JSON.parse(stored) as DriftWindow;
    const to = this.#clock();
    const from = Math.max(model.createdAt, to - WINDOW);
    const window = await this.#storage.read(async (tx) => {
      const samples: DriftSample[] = [];
      for (const event of await store.spreadEvents(tx, job.id, from, MOST)) {
        const decided = event.decisionId === null ? undefined : await store.decidedRow(tx, event.decisionId);
        if (decided?.model_id !== model.id) continue;
        samples.push({
          values: parsePointValues(decided.point_values),
          label: decided.class_no === null ? null : classId(decided.class_no),
          confidence: decided.confidence ?? 0,
          outlier: decided.outlier === 1,
          block: dayOf(event.at),
        });
      }
      const votes = await store.agreedVotes(tx, job.id, model.id, from, MOST);
      return liveWindow(reference, model.points, samples, votes);
    });
    const report = compareWindows(reference, window);
    const drift = { modelId: model.id, from, to, report: named(job, report) };
    this.#latest.set(job.id, { modelId: model.id, at: to, warnings: drift.report.warnings });
    return drift;
  }

  /** The warnings of the last look, without looking: for lists of many jobs. */
  known(job: Job): readonly string[] {
    const known = this.#latest.get(job.id);
    return known && known.modelId === job.activeModelId ? known.warnings : [];
  }

  /** The warnings for people of the last look, at most a few minutes old; looks now where there was none. */
  async warnings(job: Job): Promise<readonly string[]> {
    const known = this.#latest.get(job.id);
    if (known && known.modelId === job.activeModelId && this.#clock() - known.at < FRESH) return known.warnings;
    return (await this.of(job))?.report.warnings ?? [];
  }
}

/** Sentences name labels as people do; the reference keeps class ids, which no renaming changes. */
function named(job: Job, report: DriftReport): DriftReport {
  const spell = (sentence: string) =>
    sentence.replaceAll(
      /"?\bclass_(\d+)\b"?/g,
      (id, classNo) => job.labels.find((l) => l.classNo === Number(classNo))?.name ?? id,
    );
  const findings = report.findings.map((finding) =>
    finding.kind === 'labels' ? { ...finding, sentence: spell(finding.sentence) } : finding,
  );
  return { ...report, findings, warnings: findings.filter(({ warning }) => warning).map(({ sentence }) => sentence) };
}
