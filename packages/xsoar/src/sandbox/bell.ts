import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/**
 * A thread that sleeps until an answer comes. The bell counts its rings, and who was woken looks for the answer itself: a ring may come late, when
 * the answer that it was for has been taken already and the next one is waited for.
 */
export type Bell = Int32Array<SharedArrayBuffer>;

/** A bell that two threads share. */
export function newBell(): Bell {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Puts an answer for the sleeping thread into the port's other end, and wakes it. */
export function answerAndRing(port: MessagePort, bell: Bell, answer: unknown): void {
  port.postMessage(answer);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

/**
 * Sleeps until an answer lies in the port. The thread does nothing else meanwhile.
 * @param milliseconds how long to wait; 0 or less only looks.
 * @returns the answer as it came, of the type that the other side sends; undefined where none came in time.
 */
export function sleepUntilAnswer<T>(port: MessagePort, bell: Bell, milliseconds: number): { readonly message: T } | undefined {
  const until = performance.now() + milliseconds;
  for (;;) {
    const rung = Atomics.load(bell, 0);
    const answer: { message: T } | undefined = receiveMessageOnPort(port);
    const left = until - performance.now();
    if (answer !== undefined || !(left > 0)) return answer;
    Atomics.wait(bell, 0, rung, left);
  }
}
