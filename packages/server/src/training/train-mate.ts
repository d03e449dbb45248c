/** The second thread of a training: does the parts that it takes, or the training that the new model is compared by. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PartResult, Training, type TrainingInput } from '@verdict/engine';
import { lowerPriority } from '../thread.ts';
import { judge } from './judge.ts';
import { type FromMate, type ToMate, takePart } from './mate.ts';
import { TRAINING_PRIORITY } from './train-thread.ts';

const port = parentPort!;
const input = workerData as TrainingInput;
let training: Training | undefined;

lowerPriority(TRAINING_PRIORITY);
port.on('message', (message: ToMate) => {
  if (message.type === 'judge') {
    send({ type: 'judged', comparison: judge(message.ground, input, message.order) });
    return;
  }
  const { parts, next } = message;
  training ??= new Training(input);
  for (let index = takePart(next, parts.length); index !== undefined; index = takePart(next, parts.length)) {
    const result = training.work(parts[index]!);
    send({ type: 'part', index, result }, buffersOf(result));
  }
});

function send(message: FromMate, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function buffersOf(result: PartResult): ArrayBuffer[] {
  const arrays = result.kind === 'distances' ? [result.of] : result.of.predictions;
  return arrays.map((array) => array.buffer as ArrayBuffer);
}
