import { describe, expect, it } from 'vitest';
import { loadModel, loadModelInSteps } from './model.ts';
import { train } from './train.ts';
import type { TrainingRow } from './types.ts';

const rows: TrainingRow[] = Array.from({ length: 40 }, (_, index) => ({
  key: `bucket-${String(index).padStart(2, '0')}`,
  values: [index % 2 ? 'beacon' : 'scan', `host-${index % 7}`],
  votes: index % 2 ? [1, 0] : [0, 1],
}));
const { model: bytes } = train({ points: ['rule', 'host'], classes: ['class_0', 'class_1'], rows, seed: 5 });

describe('a model read in steps', () => {
  it('stops on the way and decides as one read at once', () => {
    const steps = loadModelInSteps(bytes, { points: ['rule', 'host'] });
    let stops = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) stops++;
    expect(stops).toBeGreaterThanOrEqual(8);
    const atOnce = loadModel(bytes, { points: ['rule', 'host'] });
    for (const values of [
      ['scan', 'host-1'],
      ['beacon', 'new'],
      [null, null],
    ]) {
      expect(step.value.decide(values)).toEqual(atOnce.decide(values));
    }
  });

  it('finds damage anywhere in the bytes', () => {
    for (const at of [17, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1;
      expect(() => [...loadModelInSteps(damaged)]).toThrow('The model is damaged');
    }
  });
});
