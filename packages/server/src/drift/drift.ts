import { type DriftSample, type DriftWindow, type ModelMetrics, recentWindow, referenceWindow } from '@verdict/engine';

const DAY = 86_400 * 1_000_000;

/** Number of the day (UTC) of a time in microseconds. */
export function dayOf(micros: number): number {
  return Math.floor(micros / DAY);
}

/**
 * What comes in when a model is trained, as the model decides it. Agreement is that of the held-back feedback, by which the model was judged:
 * on what it learned from it would flatter itself.
 */
export function trainingReference(
  points: readonly string[],
  samples: readonly DriftSample[],
  metrics: Pick<ModelMetrics, 'rows' | 'accuracy'>,
): DriftWindow {
  const right = Math.round(metrics.rows * metrics.accuracy);
  const judged = Array.from({ length: metrics.rows }, (_, n) => said(points, n < right, 0));
  return withAgreement(referenceWindow(points, samples), referenceWindow(points, judged));
}

/** What came in of late, counted as the reference is, with what people said of the decisions. */
export function liveWindow(
  reference: DriftWindow,
  points: readonly string[],
  samples: readonly DriftSample[],
  votes: readonly { readonly at: number; readonly agreed: number }[],
): DriftWindow {
  const voted = votes.map(({ at, agreed }) => said(points, agreed === 1, dayOf(at)));
  return withAgreement(recentWindow(reference, points, samples), recentWindow(reference, points, voted));
}

function said(points: readonly string[], agreed: boolean, block: number): DriftSample {
  return { values: points.map(() => null), label: null, confidence: 0, outlier: false, agreed, block };
}

function withAgreement(window: DriftWindow, agreement: DriftWindow): DriftWindow {
  return {
    ...window,
    aspects: window.aspects.map((aspect, index) => (aspect.kind === 'agreement' ? agreement.aspects[index]! : aspect)),
  };
}
