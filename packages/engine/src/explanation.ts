import { conclude, deliberate, verdictOf } from './decide.ts';
import { sparseRow } from './features.ts';
import type { Example } from './learner/learner.ts';
import { argmax, log } from './math.ts';
import type { ModelParts } from './model-parts.ts';
import { sameValue, shorten } from './stored-values.ts';
import type { Explanation, Neighbour, PointValues, Reason } from './types.ts';

const NEIGHBOURS = 5;
const SMALLEST = 0.01;

/**
 * Why a model decides as it does. The weight of a decision point is what the log-odds of the chosen class lose when the point is taken away
 * (its features and measures removed, all else as it is; occlusion: Zeiler and Fergus 2014), so what is said to matter does move the
 * answer. For a labelled bucket the weights are those of the model behind its votes. Neighbours are the nearest labelled buckets.
 * @param values in the order of the model's plans.
 * @param row of the bucket among the labelled ones, −1 if it is none of them.
 */
export function explain(parts: ModelParts, values: PointValues, row: number): Explanation {
  const k = parts.active.length;
  const example = parts.ensemble.example(parts.space, values);
  const deliberation = deliberate(parts, example, row);
  const verdict = verdictOf(parts, deliberation, row);
  const choice = argmax(deliberation.probabilities, 0, k);
  const model = conclude(parts, deliberation.opinion, deliberation.outlierScore, -1, k);
  const reasons: Reason[] = parts.space.plans.map((plan, p) => {
    const without = parts.ensemble.opinion(takeAway(parts, example, p), deliberation.gate);
    const probabilities = conclude(parts, without, deliberation.outlierScore, -1, k);
    return {
      point: plan.path,
      value: shorten(values[p] ?? null),
      weight: logOdds(model[choice]!) - logOdds(probabilities[choice]!),
    };
  });
  const neighbours = parts.index.nearest(example.sparse, NEIGHBOURS).map((nearest) => neighbourOf(parts, values, nearest));
  const inOrder = (probabilities: Float64Array) => parts.classes.map((_, c) => probabilities[parts.active.indexOf(c)] ?? 0);
  return {
    verdict,
    towards: reasons.filter((reason) => reason.weight >= SMALLEST).sort((a, b) => b.weight - a.weight),
    against: reasons.filter((reason) => reason.weight <= -SMALLEST).sort((a, b) => a.weight - b.weight),
    neighbours,
    learners: parts.ensemble.learners.map((learner, m) => ({
      name: learner.name,
      probabilities: inOrder(deliberation.opinion.members[m]!),
      weight: deliberation.opinion.weights[m]!,
    })),
  };
}

/** The example without the features and measures of one point. */
function takeAway(parts: ModelParts, example: Example, point: number): Example {
  const sparse = sparseRow();
  if (sparse.ids.length < example.sparse.length) {
    sparse.ids = new Int32Array(example.sparse.length);
    sparse.weights = new Float64Array(example.sparse.length);
  }
  for (let i = 0; i < example.sparse.length; i++) {
    const id = example.sparse.ids[i]!;
    if (parts.space.pointOf(id) === point) continue;
    sparse.ids[sparse.length] = id;
    sparse.weights[sparse.length++] = example.sparse.weights[i]!;
  }
  const dense = example.dense.slice();
  parts.ensemble.layout.points.forEach((of, i) => {
    if (of === point) dense[i] = Number.NaN;
  });
  const bins = new Uint8Array(example.bins.length);
  parts.ensemble.view.bin(sparse, dense, bins);
  return { sparse, dense, bins };
}

function neighbourOf(parts: ModelParts, values: PointValues, nearest: { row: number; similarity: number }): Neighbour {
  const agree: string[] = [];
  const differ: { point: string; here: PointValues[number]; there: PointValues[number] }[] = [];
  parts.space.plans.forEach((plan, p) => {
    const here = shorten(values[p] ?? null);
    const there = parts.values[nearest.row]![p] ?? null;
    if (sameValue(here, there)) agree.push(plan.path);
    else differ.push({ point: plan.path, here, there });
  });
  const votes = parts.classes.map((_, c) => {
    const i = parts.active.indexOf(c);
    return i < 0 ? 0 : parts.votes[nearest.row * parts.active.length + i]!;
  });
  return { key: parts.keys[nearest.row]!, similarity: nearest.similarity, votes, agree, differ };
}

function logOdds(p: number): number {
  const held = Math.min(1 - 1e-6, Math.max(1e-6, p));
  return log(held / (1 - held));
}
