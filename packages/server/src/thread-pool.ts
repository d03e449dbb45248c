import type { Worker } from 'node:worker_threads';
import { Refusal, stopping } from './errors.ts';

export interface PoolOptions {
  /** Threads at the most. */
  readonly most: number;
  /** Calls that may wait for one. */
  readonly mostWaiting: number;
  /** What a call beyond that is told. */
  readonly tooMany: string;
  /** A thread without work is ended after this long, in milliseconds; kept where it is left out. */
  readonly idleMs?: number;
  start(): Worker;
  /** What a call hears whose signal ended it before its turn; its reason where this is left out. */
  aborted?(signal: AbortSignal): Error;
}

/** A call's hold of a thread, from its turn until the first `keep` or `discard`. The answer may be given earlier. */
export interface Held<Answer> {
  readonly worker: Worker;
  /** Tells what the thread says to this call from what it said too late to one before. */
  readonly id: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
  /** The thread takes the next call. */
  keep(): void;
  /** The thread is ended, whatever it does; the next call gets another. */
  discard(): void;
}

/** What a call does while it holds its thread. */
export interface Hearing<Message> {
  heard(message: Message): void;
  /** The thread broke, or ended; it has been discarded. */
  broke(error: Error): void;
  /** The caller's signal ended the call; it still holds the thread. */
  aborted?(): void;
  /** The hold is over: timers of the call go. */
  left?(): void;
}

interface Waiting {
  readonly signal: AbortSignal | undefined;
  begin(worker: Worker): void;
  reject(error: Error): void;
}

/** Threads that serve one call each at a time: started when first needed, kept, ended when idle. */
export class ThreadPool {
  readonly #options: PoolOptions;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  readonly #idleTimers = new Map<Worker, NodeJS.Timeout>();
  #next = 0;
  #started = 0;
  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Threads that there are now. */
  get count(): number {
    return this.#all.size;
  }

  /** Threads that were ever started, those that had to be ended among them. */
  get started(): number {
    return this.#started;
  }

  /**
   * Waits for a thread and lets the call have it.
   * @param take called at its turn; it sends its order and says what it listens to.
   * @param signal ends the waiting; from its turn on the call hears of it by `aborted`.
   * @throws Refusal `too_many` with too many waiting, `stopping` when the service stops; what `aborted` makes where `signal` came first.
   */
  use<Answer, Message>(take: (held: Held<Answer>) => Hearing<Message>, signal?: AbortSignal): Promise<Answer> {
    if (this.#stopped) return Promise.reject(stopping());
    const { mostWaiting, tooMany } = this.#options;
    if (this.#waiting.length >= mostWaiting) return Promise.reject(new Refusal('too_many', tooMany, { retryAfter: 5 }));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ signal, reject, begin: (worker) => this.#hold(worker, { resolve, reject }, take, signal) });
    this.#pump();
    return promise;
  }

  /** Ends all threads and refuses what waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { reject } of this.#waiting.splice(0)) reject(stopping());
    for (const timer of this.#idleTimers.values()) clearTimeout(timer);
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #pump(): void {
    while (this.#waiting.length > 0 && (this.#idle.length > 0 || this.#all.size < this.#options.most)) {
      const { signal, begin, reject } = this.#waiting.shift()!;
      if (signal?.aborted) reject(this.#options.aborted?.(signal) ?? reasonOf(signal));
      else begin(this.#take() ?? this.#start());
    }
  }

  #hold<Answer, Message>(
    worker: Worker,
    settle: Pick<Held<Answer>, 'resolve' | 'reject'>,
    take: (held: Held<Answer>) => Hearing<Message>,
    signal: AbortSignal | undefined,
  ): void {
    let hearing: Hearing<Message> | undefined;
    let held = true;
    const leave = (): void => {
      held = false;
      worker.off('message', heard);
      worker.off('error', broke);
      worker.off('exit', ended);
      worker.unref();
      signal?.removeEventListener('abort', aborted);
      hearing?.left?.();
    };
    const keep = (): void => {
      if (!held) return;
      leave();
      this.#rest(worker);
      this.#pump();
    };
    const discard = (): void => {
      if (!held) return;
      leave();
      this.#all.delete(worker);
      void worker.terminate();
      this.#pump();
    };
    const heard = (message: Message): void => hearing?.heard(message);
    const aborted = (): void => hearing?.aborted?.();
    const broke = (error: unknown): void => {
      discard();
      hearing?.broke(error instanceof Error ? error : new Error(String(error)));
    };
    const ended = (code: number): void =>
      broke(this.#stopped ? stopping() : new Error(`The thread ended with ${code} and no answer.`));
    worker.on('message', heard);
    worker.on('error', broke);
    worker.on('exit', ended);
    worker.ref();
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      hearing = take({ worker, id: ++this.#next, ...settle, keep, discard });
    } catch (error) {
      // An order that cannot be sent: the thread has heard nothing of it.
      keep();
      settle.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #take(): Worker | undefined {
    const worker = this.#idle.pop();
    if (worker) clearTimeout(this.#idleTimers.get(worker));
    return worker;
  }

  #rest(worker: Worker): void {
    this.#idle.push(worker);
    const { idleMs } = this.#options;
    if (idleMs === undefined) return;
    this.#idleTimers.set(worker, setTimeout(() => this.#end(worker), idleMs).unref());
  }

  #end(worker: Worker): void {
    // Forgotten first: what comes before it is gone gets another one.
    this.#forget(worker);
    void worker.terminate();
  }

  #start(): Worker {
    const worker = this.#options.start();
    this.#started++;
    this.#all.add(worker);
    // Of one that breaks while it rests nobody hears otherwise; it is gone with its exit.
    worker.on('error', () => {});
    worker.on('exit', () => this.#forget(worker));
    return worker;
  }

  #forget(worker: Worker): void {
    this.#all.delete(worker);
    clearTimeout(this.#idleTimers.get(worker));
    this.#idleTimers.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

/** Why a signal ended what it was given to, as an error. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was ended.');
}
