/**
 * The training thread: reads what people have said over a connection of its own, learns, and hands back the model. The main thread goes on
 * answering meanwhile.
 */
import { hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { Progress, TrainingInput } from '@verdict/engine';
import { readTraffic, referenceOf } from '../drift/traffic.ts';
import { readSnapshot } from '../storage/sqlite.ts';
import { readGround } from './judge.ts';
import { learn } from './learn.ts';
import { Mate } from './mate.ts';
import { learnInThisThread } from './thread-side.ts';
import { type FromTraining, TRAINING_PRIORITY, type TrainOrder } from './train-thread.ts';
import { getPointTypes, readFeedback, readUnitVotes } from './training-store.ts';
import { trusted } from './trusted.ts';

/** Units sent in one message, so that the main thread never unpacks a long list at once. */
const UNITS_PER_MESSAGE = 500;

const port = parentPort!;
const send = (message: FromTraining, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

await learnInThisThread(TRAINING_PRIORITY, send, (progress) => work(workerData as TrainOrder, progress));

async function work(order: TrainOrder, progress: Progress): Promise<void> {
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
  const { model, metrics, comparison } = await learn(input, order, ground, new Mate(input), progress);
  for (let from = 0; from < units.length; from += UNITS_PER_MESSAGE) {
    send({ type: 'units', units: units.slice(from, from + UNITS_PER_MESSAGE) });
  }
  const bytes = new Uint8Array(model);
  const reference = referenceOf(bytes, source, traffic, metrics);
  send({ type: 'done', bytes, sha256: hash('sha256', bytes), metrics, comparison, setAside, reference, classes }, [bytes.buffer]);
}
