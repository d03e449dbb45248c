import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { documentFrequency, fitFeatures, sparseRow } from '../features.ts';
import { random } from '../math.ts';
import type { PointValue } from '../types.ts';
import { type AllRows, exampleOf, trainingSet } from './assemble.ts';
import { BoostedTrees, fitBoostedTrees } from './boosted-trees.ts';
import { planFolds } from './folds.ts';
import { classPrior, type Learner } from './learner.ts';
import { fitNaiveBayes, NaiveBayes } from './naive-bayes.ts';
import { fitRandomTrees, RandomTrees } from './random-trees.ts';
import { fitSoftmax, SoftmaxLearner } from './softmax.ts';
import { Forest } from './tree.ts';
import { TreeView } from './tree-view.ts';

/** Rows whose class follows a category, and within one of them a number. */
function rows(count: number): { all: AllRows; truth: number[] } {
  const source = random(11);
  const truth: number[] = [];
  const values: PointValue[][] = [];
  for (let r = 0; r < count; r++) {
    const kind = source.below(4);
    const size = source.below(100);
    truth.push(kind === 0 ? 0 : kind === 1 ? 1 : size >= 50 ? 1 : 0);
    values.push([`kind-${kind}`, size, `noise-${source.below(40)}`]);
  }
  const { space, raw } = fitFeatures(['kind', 'size', 'who'], [], values);
  const targets = new Float64Array(count * 2);
  truth.forEach((c, r) => {
    targets[r * 2 + c] = 1;
  });
  const dense = Float64Array.from(values, (row) => row[1] as number);
  return { all: { space, raw, dense, denseWidth: 1, targets, importance: new Float64Array(count).fill(1), classes: 2 }, truth };
}

const { all, truth } = rows(300);
const inside = Int32Array.from({ length: 220 }, (_, i) => i);
const frequency = documentFrequency(all.raw, inside, all.space.size);
const set = trainingSet(all, inside, frequency);
const { view, bins } = TreeView.fit(all.space, set);
const binned = new Uint8Array(view.columns);
const buffer = sparseRow();

function accuracy(learner: Learner): number {
  const out = new Float64Array(2);
  let right = 0;
  for (let r = 220; r < 300; r++) {
    learner.predict(exampleOf(all, r, frequency, view, buffer, binned), out, 0);
    expect(out[0]! + out[1]!).toBeCloseTo(1, 12);
    if ((out[1]! > out[0]! ? 1 : 0) === truth[r]) right++;
  }
  return right / 80;
}

function again<T>(learner: Learner, read: (reader: ByteReader) => T): T {
  const writer = new ByteWriter();
  learner.write(writer);
  const reader = new ByteReader(writer.finish());
  const copy = read(reader);
  expect(reader.atEnd).toBe(true);
  return copy;
}

const numbers = (all.space.size + 1) * 2;

describe.each<[string, Learner, (reader: ByteReader) => Learner, number]>([
  ['softmax', fitSoftmax(set, 0.003, 1), (reader) => SoftmaxLearner.read(reader, numbers, 2), 0.7],
  ['naive Bayes', fitNaiveBayes(set), (reader) => NaiveBayes.read(reader, numbers, 2), 0.65],
  ['boosted trees', fitBoostedTrees(set, bins, view.sizes, 60, 1), (reader) => BoostedTrees.read(reader, view.columns, 2), 0.95],
  ['random trees', fitRandomTrees(set, bins, view.sizes, 1), (reader) => RandomTrees.read(reader, view.columns, 2), 0.85],
])('%s', (_, learner, read, least) => {
  it('learns what can be learned', () => {
    expect(accuracy(learner)).toBeGreaterThanOrEqual(least);
  });

  it('predicts the same after reading its bytes', () => {
    const copy = again(learner, read);
    const [a, b] = [new Float64Array(2), new Float64Array(2)];
    for (let r = 0; r < 300; r++) {
      const example = exampleOf(all, r, frequency, view, buffer, binned);
      learner.predict(example, a, 0);
      copy.predict(example, b, 0);
      expect(b).toEqual(a);
    }
  });
});

describe('more labels than the splits of one tree look at', () => {
  it('are all learned by boosted trees', () => {
    const [labels, each] = [24, 10];
    const count = labels * each;
    const dense = Float64Array.from({ length: count }, (_, r) => r % labels);
    const { space, raw } = fitFeatures(
      ['size'],
      [],
      [...dense].map((size) => [size]),
    );
    const targets = new Float64Array(count * labels);
    for (let r = 0; r < count; r++) targets[r * labels + (r % labels)] = 1;
    const many: AllRows = {
      space,
      raw,
      dense,
      denseWidth: 1,
      targets,
      importance: new Float64Array(count).fill(1),
      classes: labels,
    };
    const whole = trainingSet(many, [...dense.keys()], space.frequency);
    const seen = TreeView.fit(space, whole);
    const learner = fitBoostedTrees(whole, seen.bins, seen.view.sizes, 100, 1);
    const out = new Float64Array(labels);
    for (let r = 0; r < labels; r++) {
      learner.predict(exampleOf(many, r, space.frequency, seen.view, buffer, new Uint8Array(seen.view.columns)), out, 0);
      expect(out.indexOf(Math.max(...out))).toBe(r);
      expect(out[r]).toBeGreaterThan(0.5);
    }
  });
});

describe('no rows', () => {
  it('give the class shares', () => {
    const none = trainingSet(all, [], frequency);
    const empty = TreeView.fit(all.space, none);
    const example = exampleOf(all, 0, frequency, empty.view, buffer, new Uint8Array(empty.view.columns));
    for (const learner of [
      fitSoftmax(none, 0.01, 1),
      fitNaiveBayes(none),
      fitBoostedTrees(none, empty.bins, empty.view.sizes, 3, 1),
      fitRandomTrees(none, empty.bins, empty.view.sizes, 1),
    ]) {
      const out = new Float64Array(2);
      learner.predict(example, out, 0);
      expect([...out]).toEqual([0.5, 0.5]);
    }
    expect([...classPrior(none)]).toEqual([0.5, 0.5]);
  });
});

describe('damaged learners', () => {
  it('are refused', () => {
    const writer = new ByteWriter();
    writer.f32s([1, 2]);
    expect(() => SoftmaxLearner.read(new ByteReader(writer.finish()), 4, 2)).toThrow('does not fit its features');
    expect(() => NaiveBayes.read(new ByteReader(writer.finish()), 4, 2)).toThrow('does not fit its features');
    const forest = new Forest(2);
    forest.roots.push(forest.addNode());
    const left = forest.setSplit(0, 9, 1);
    forest.setLeaf(left, [0, 1]);
    forest.setLeaf(left + 1, [1, 0]);
    const trees = new ByteWriter();
    forest.write(trees);
    expect(() => Forest.read(new ByteReader(trees.finish()), 9, 2)).toThrow('the trees of the model do not hold together');
    expect(Forest.read(new ByteReader(trees.finish()), 10, 2).roots).toEqual([0]);
    const start = new ByteWriter();
    start.f64s([1]);
    expect(() => BoostedTrees.read(new ByteReader(start.finish()), 9, 2)).toThrow('do not fit its classes');
    const columns = new ByteWriter();
    columns.varint(1);
    columns.varint(0);
    columns.varints([]);
    columns.varints([]);
    columns.f32s([0, 0]);
    columns.varints([]);
    expect(() => TreeView.read(new ByteReader(columns.finish()), all.space, 2)).toThrow('the columns of the trees do not fit');
  });
});

describe('folds', () => {
  const main = Array.from({ length: 100 }, (_, r) => r % 3);

  it('hold every row once, and each class in about the same share', () => {
    const folds = planFolds(
      main,
      main.map(() => undefined),
      3,
      1,
    );
    expect(folds).toHaveLength(10);
    expect(folds.flatMap((fold) => [...fold.rows]).sort((a, b) => a - b)).toEqual(main.map((_, r) => r));
    for (const { rows: held, strict } of folds) {
      expect(strict).toBe(true);
      for (let c = 0; c < 3; c++) expect([...held].filter((r) => main[r] === c).length).toBeGreaterThanOrEqual(3);
    }
  });

  it('keep an incident together', () => {
    const groups = main.map((_, r) => `incident ${Math.floor(r / 4)}`);
    for (const { rows: held } of planFolds(main, groups, 3, 1)) {
      const names = new Set([...held].map((r) => groups[r]));
      expect(held.length).toBe(names.size * 4);
    }
  });

  it('are of two kinds where groups are environments', () => {
    const groups = main.map((_, r) => `company ${r % 4}`);
    const folds = planFolds(main, groups, 3, 1);
    expect(folds.map((fold) => fold.strict)).toEqual([...new Array<boolean>(10).fill(false), true, true]);
    for (const { rows: held } of folds.slice(10)) expect(new Set([...held].map((r) => groups[r])).size * 25).toBe(held.length);
  });

  it('are fewer for more rows', () => {
    const many = (count: number) => Array.from({ length: count }, (_, r) => r % 2);
    const sizes = (count: number) =>
      planFolds(
        many(count),
        many(count).map(() => undefined),
        2,
        1,
      ).map((fold) => fold.rows.length);
    expect(sizes(1500)).toEqual([500, 500, 500]);
    expect(sizes(4000)).toEqual([1000]);
    expect(sizes(1)).toEqual([1]);
  });
});
