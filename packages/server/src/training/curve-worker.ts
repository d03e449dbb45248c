/** The thread that works out a learning curve: reads over a connection of its own what a model learned from, and trains on parts of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { learningCurve, type Progress, type TrainingInput, type TrainingRow } from '@verdict/engine';
import { classId } from '../jobs/job.ts';
import { readSnapshot } from '../storage/sqlite.ts';
import { missesEscalation } from './comparison.ts';
import { listModelUnits } from './curve-store.ts';
import type { CurveOrder, FromCurve } from './curve-thread.ts';
import { learnInThisThread } from './thread-side.ts';
import { getPointTypes, readFeedback, readUnitVotes } from './training-store.ts';
import { trusted } from './trusted.ts';

/** Behind the training thread (10), too. */
const PRIORITY = 15;

const port = parentPort!;
const send = (message: FromCurve) => port.postMessage(message);

await learnInThisThread(PRIORITY, send, (progress) => work(workerData as CurveOrder, progress));

async function work(order: CurveOrder, progress: Progress): Promise<void> {
  const { source, labels } = order;
  const input: TrainingInput = {
    points: source.points,
    classes: source.classNos.map(classId),
    seed: order.seed,
    outlierRate: order.outlierRate,
    ...(await readRows(order)),
  };
  const curve = learningCurve(
    input,
    (truth, said) => missesEscalation(labels, source.classNos[truth]!, source.classNos[said]!),
    progress,
  );
  send({ type: 'done', curve });
}

/**
 * What the model learned from, as people see it today: its knowledge base, and what they had voted on before without agreeing. Of labels that
 * came after it the model knows nothing, and votes that were changed or taken back since would be mistakes to learn from.
 */
async function readRows(order: CurveOrder): Promise<Pick<TrainingInput, 'rows' | 'pointTypes'>> {
  const { source } = order;
  return readSnapshot(order.file, async (tx) => {
    const pointTypes = await getPointTypes(tx, source.jobId, source.pointsVersion);
    const known = await listModelUnits(tx, order.modelId);
    const votes = await readUnitVotes(tx, source);
    const feedback = trusted(await readFeedback(tx, source), votes, source, pointTypes);
    const rows: TrainingRow[] = feedback.rows.filter((row, index) => {
      const { unit, classNo } = feedback.sources[index]!;
      return known.has(unit) || (classNo === null && (row.time ?? 0) <= order.modelAt);
    });
    return { rows, pointTypes };
  });
}
