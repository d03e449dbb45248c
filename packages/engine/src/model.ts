import { ByteReader, ByteWriter, checksum, checksumInSteps, finished, type Steps } from './bytes.ts';
import type { Calibration } from './calibration.ts';
import { decide } from './decide.ts';
import { Ensemble } from './ensemble.ts';
import { explain } from './explanation.ts';
import { FeatureSpace } from './features.ts';
import type { ModelParts } from './model-parts.ts';
import { NearestIndex } from './novelty.ts';
import { readValuesInSteps, writeValues } from './stored-values.ts';
import type { Explanation, PointValues, Verdict } from './types.ts';

/** A trained model, ready to decide. It keeps buffers, so one call must end before the next begins (as calls do on one thread). */
export interface Model {
  /** Class ids, as they were given to the training. */
  readonly classes: readonly string[];
  /** Decision points in the order in which `decide` and `explain` take their values. */
  readonly points: readonly string[];
  /**
   * Decides one list of decision-point values.
   * @param values in the order of {@link Model.points}.
   * @param key of the bucket; where that carried votes at training time, they decide, drawn towards the model.
   * @throws RangeError when the number of values is not that of the points.
   */
  decide(values: PointValues, key?: string): Verdict;
  /** Why {@link Model.decide} says what it says; milliseconds, so to be made when someone reads it. */
  explain(values: PointValues, key?: string): Explanation;
}

const MAGIC = [0x56, 0x52, 0x44, 0x43];
const VERSION = 1;
const HEADER = 16;

/**
 * Reads a trained model.
 * @param bytes what `train` gave.
 * @param options.points the order in which callers will give the values; the same paths as the model's. The model's own (sorted) order when
 * left out.
 * @throws RangeError with a sentence when the bytes are no model, are damaged, or come from another version, or the points are others.
 */
export function loadModel(bytes: Uint8Array, options: { readonly points?: readonly string[] } = {}): Model {
  return finished(loadModelInSteps(bytes, options));
}

/**
 * `loadModel` in steps: reading a model of ten thousand buckets takes hundreds of milliseconds, in which a service would answer nobody.
 * The bytes must not change before the end.
 * @throws what `loadModel` throws, from the step that finds it.
 */
export function* loadModelInSteps(bytes: Uint8Array, options: { readonly points?: readonly string[] } = {}): Steps<Model> {
  const parts = yield* readModelInSteps(bytes);
  const own = parts.space.plans.map((plan) => plan.path);
  const points = options.points ?? own;
  const order = own.map((path) => points.indexOf(path));
  if (points.length !== own.length || order.includes(-1))
    throw new RangeError(`The model was trained on other decision points: ${own.join(', ')}.`);
  const keys = new Map(parts.keys.map((key, r) => [key, r]));
  const sorted = (values: PointValues): PointValues => {
    if (values.length !== own.length)
      throw new RangeError(`The model needs ${own.length} values, one for each decision point, not ${values.length}.`);
    return order.map((p) => values[p] ?? null);
  };
  const rowOf = (key: string | undefined) => (key === undefined ? -1 : (keys.get(key) ?? -1));
  return {
    classes: parts.classes,
    points,
    decide: (values, key) => decide(parts, sorted(values), rowOf(key)),
    explain: (values, key) => explain(parts, sorted(values), rowOf(key)),
  };
}

/** The bytes of a model: magic, version, two check numbers, then its parts. The same parts give the same bytes. */
export function writeModel(parts: ModelParts): Uint8Array {
  const writer = new ByteWriter();
  for (const byte of MAGIC) writer.u8(byte);
  writer.u32(VERSION);
  writer.u32(0);
  writer.u32(0);
  writer.strings(parts.classes);
  writer.varints(parts.active);
  parts.space.write(writer);
  parts.ensemble.write(writer);
  for (const { base, outlier, disagreement, noise } of [parts.calibration, parts.labelledCalibration])
    writer.f64s([base, outlier, disagreement, noise]);
  writer.f64(parts.strength);
  parts.index.write(writer);
  writer.f64s(parts.distances);
  writer.f64s(parts.entropies);
  writer.f64(parts.outlierThreshold);
  writer.strings(parts.keys);
  writer.f64s(parts.votes);
  writeValues(writer, parts.values);
  writer.f32s(parts.opinions);
  const bytes = writer.finish();
  const [a, b] = checksum(bytes, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, a, true);
  view.setUint32(12, b, true);
  return bytes;
}

function* readModelInSteps(bytes: Uint8Array): Steps<ModelParts> {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new RangeError('These bytes are not a trained model.');
  const reader = new ByteReader(bytes, MAGIC.length);
  const version = reader.u32();
  if (version !== VERSION)
    throw new RangeError(`The model has format ${version}; this version of Verdict reads format ${VERSION}. Train it again.`);
  const [a, b] = yield* checksumInSteps(bytes, HEADER);
  if (reader.u32() !== a || reader.u32() !== b)
    throw new RangeError('The model is damaged: its check numbers do not fit its content.');
  const classes = reader.strings();
  const active = [...reader.varints()];
  yield;
  const space = FeatureSpace.read(reader);
  yield;
  const ensemble = yield* Ensemble.readInSteps(reader, space, active.length);
  yield;
  const calibration = readCalibration(reader);
  const labelledCalibration = readCalibration(reader);
  const strength = reader.f64();
  const index = yield* NearestIndex.readInSteps(reader, space);
  yield;
  const distances = reader.f64s();
  const entropies = reader.f64s();
  const outlierThreshold = reader.f64();
  const keys = reader.strings();
  yield;
  const votes = reader.f64s();
  yield;
  const values = yield* readValuesInSteps(reader);
  // Models made before these were kept end here.
  const opinions = reader.atEnd ? new Float32Array(votes.length).fill(Number.NaN) : reader.f32s();
  if (
    !reader.atEnd ||
    opinions.length !== votes.length ||
    values.length !== keys.length ||
    votes.length !== keys.length * active.length
  )
    throw new RangeError('The model is damaged: its parts do not fit together.');
  return {
    classes,
    active,
    space,
    ensemble,
    calibration,
    labelledCalibration,
    strength,
    index,
    distances,
    entropies,
    outlierThreshold,
    keys,
    votes,
    opinions,
    values,
  };
}

function readCalibration(reader: ByteReader): Calibration {
  const [base = 0, outlier = 0, disagreement = 0, noise = 0] = reader.f64s();
  return { base, outlier, disagreement, noise };
}
