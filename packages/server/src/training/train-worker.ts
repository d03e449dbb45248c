/**
 * The training thread: reads what people have said over a connection of its own, learns, and hands back the model. The main thread goes on
 * answering meanwhile.
 */
import { hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { TrainingError, type TrainingInput } from '@verdict/engine';
import { readTraffic, referenceOf } from '../drift/traffic.ts';
import { readSnapshot } from '../storage/sqlite.ts';
import { lowerPriority } from '../thread.ts';
import { readGround } from './judge.ts';
import { learn } from './learn.ts';
import { Mate } from './mate.ts';
import { type FromTraining, TRAINING_PRIORITY, type TrainOrder } from './train-thread.ts';
import { getPointTypes, readFeedback, readUnitVotes } from './training-store.ts';
import { trusted } from './trusted.ts';

/** Units sent in one message, so that the main thread never unpacks a long list at once. */
const UNITS_PER_MESSAGE = 500;
/** Progress is sent on when it grew by this much or the step changed. */
const SMALLEST_STEP = 0.005;

const port = parentPort!;
const send = (message: FromTraining, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  lowerPriority(TRAINING_PRIORITY);
  await work(workerData as TrainOrder);
} catch (error) {
  if (!(error instanceof TrainingError)) throw error;
  send({ type: 'refused', sentence: error.message });
}

async function work(order: TrainOrder): Promise<void> {
  const { source } = order;
  const { rows, units, pointTypes, setAside, traffic, ground } = await readSnapshot(order.file, async (tx) => {
    const pointTypes = await getPointTypes(tx, source.jobId, source.pointsVersion);
    const { setAside, ...feedback } = trusted(
      await readFeedback(tx, source),
      await readUnitVotes(tx, source),
      source,
      pointTypes,
    );
    return {
      ...feedback,
      setAside,
      pointTypes,
      traffic: await readTraffic(tx, source, order.now),
      ground: order.championId === null ? null : await readGround(tx, order.championId, source, feedback),
    };
  });
  const classes = source.classNos.map((classNo) => `class_${classNo}`);
  const input: TrainingInput = {
    points: source.points,
    pointTypes,
    classes,
    rows,
    seed: order.seed,
    outlierRate: order.outlierRate,
  };
  let told = { share: -1, step: '' };
  const progress = (share: number, step: string) => {
    if (step === told.step && share - told.share < SMALLEST_STEP) return;
    told = { share, step };
    send({ type: 'progress', share, step });
  };
  const { model, metrics, comparison } = await learn(input, order, ground, new Mate(input), progress);
  for (let from = 0; from < units.length; from += UNITS_PER_MESSAGE) {
    send({ type: 'units', units: units.slice(from, from + UNITS_PER_MESSAGE) });
  }
  const bytes = new Uint8Array(model);
  const reference = referenceOf(bytes, source, traffic, metrics);
  send({ type: 'done', bytes, sha256: hash('sha256', bytes), metrics, comparison, setAside, reference, classes }, [bytes.buffer]);
}
