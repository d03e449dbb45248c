import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { type PoolOptions, ThreadPool } from './thread-pool.ts';

/** Says the order back after as many milliseconds as it has, or does what it is told. */
const ECHO = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ id, order }) => {
  if (order === 'die') process.exit(3);
  if (order === 'throw') throw new Error('broken');
  setTimeout(() => parentPort.postMessage({ id, order }), order);
});`;

let pool: ThreadPool;
afterEach(() => pool.stop());

const poolOf = (more: Partial<PoolOptions> = {}) => {
  pool = new ThreadPool({
    most: 1,
    mostWaiting: 2,
    tooMany: 'Too many.',
    start: () => new Worker(ECHO, { eval: true }),
    ...more,
  });
  return pool;
};
const ask = (order: unknown, signal?: AbortSignal) =>
  pool.use<unknown, { id: number; order: unknown }>(({ worker, id, resolve, reject, keep }) => {
    worker.postMessage({ id, order });
    return {
      heard(message) {
        if (message.id !== id) return;
        keep();
        resolve(message.order);
      },
      broke: reject,
    };
  }, signal);

describe('a pool of threads', () => {
  it('serves one call after the other with the thread that it has, and refuses those beyond what may wait', async () => {
    poolOf();
    const [first, second, third, fourth] = [20, 1, 2, 3].map((order) => ask(order));
    await expect(fourth).rejects.toMatchObject({ code: 'too_many', message: 'Too many.' });
    expect(await Promise.all([first, second, third])).toEqual([20, 1, 2]);
    expect([pool.count, pool.started]).toEqual([1, 1]);
    poolOf({ most: 2 });
    expect(await Promise.all([ask(20), ask(20), ask(1)])).toEqual([20, 20, 1]);
    expect(pool.started).toBe(2);
  });

  it('replaces a thread that ended or broke; only its own call hears of it', async () => {
    poolOf();
    await expect(ask('die')).rejects.toThrow('The thread ended with 3 and no answer.');
    expect(await ask(1)).toBe(1);
    const broken = ask('throw');
    const next = ask(2);
    await expect(broken).rejects.toThrow('broken');
    expect(await next).toBe(2);
    expect([pool.count, pool.started]).toEqual([1, 3]);
  });

  it('takes a thread back once, however often a call says so', async () => {
    poolOf({ most: 2 });
    const kept = await pool.use<Worker, unknown>(({ worker, keep, discard, resolve }) => {
      worker.once('exit', () => {
        keep();
        discard();
        resolve(worker);
      });
      void worker.terminate();
      return { heard() {}, broke() {} };
    });
    expect(kept.threadId).toBe(-1);
    expect(await Promise.all([ask(5), ask(5)])).toEqual([5, 5]);
    expect([pool.count, pool.started]).toEqual([2, 3]);
  });

  it('keeps its thread where an order cannot be sent', async () => {
    poolOf();
    await expect(ask(() => {})).rejects.toThrow(/could not be cloned/);
    expect(await ask(1)).toBe(1);
    expect(pool.started).toBe(1);
  });

  it('skips at its turn a call that was ended', async () => {
    poolOf();
    const control = new AbortController();
    const calls = [ask(10), ask(5, control.signal), ask(1)];
    control.abort(new Error('enough'));
    await expect(calls[1]).rejects.toThrow('enough');
    expect([await calls[0], await calls[2]]).toEqual([10, 1]);
    poolOf({ aborted: () => new Error('no') });
    await expect(ask(1, AbortSignal.abort())).rejects.toThrow('no');
    expect(pool.count).toBe(0);
  });

  it('ends idle threads, and starts another when there is work again', async () => {
    poolOf({ idleMs: 20 });
    expect(await ask(1)).toBe(1);
    await expect.poll(() => pool.count).toBe(0);
    expect(await ask(1)).toBe(1);
    expect(pool.started).toBe(2);
  });

  it('ends with what it does and refuses what waits when it is stopped', async () => {
    poolOf();
    const under = [ask(60_000), ask(1)].map((call) => expect(call).rejects.toMatchObject({ code: 'stopping' }));
    await pool.stop();
    await Promise.all(under);
    await expect(ask(1)).rejects.toMatchObject({ code: 'stopping' });
  });
});
