import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type DiskBlocks, DiskWatch, readDisk } from './disk-watch.ts';
import { createLog } from './log.ts';

function listen(): { log: ReturnType<typeof createLog>; said: () => string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const said = () =>
    lines.map((line) => {
      const { level, msg } = JSON.parse(line) as { level: string; msg: string };
      return `${level}: ${msg}`;
    });
  return { log: createLog({ logLevel: 'info' }, destination), said };
}

const disk = (free: number): DiskBlocks => ({ bsize: 4096, blocks: 1000, bfree: free, bavail: free });

describe('how full a disk is', () => {
  it('counts what is set aside for the administrator as neither used nor free', () => {
    expect(readDisk({ bsize: 4096, blocks: 1000, bfree: 100, bavail: 0 }, 90)).toEqual({
      size: 4_096_000,
      free: 0,
      used: 1,
      low: true,
    });
    expect(readDisk({ bsize: 1, blocks: 1000, bfree: 550, bavail: 450 }, 90)).toEqual({
      size: 1000,
      free: 450,
      used: 0.5,
      low: false,
    });
  });

  it('is low from the percentage on, not only above it', () => {
    expect(readDisk(disk(101), 90).low).toBe(false);
    expect(readDisk(disk(100), 90).low).toBe(true);
  });

  it('is nothing for a file system without blocks', () => {
    expect(readDisk({ bsize: 4096, blocks: 0, bfree: 0, bavail: 0 }, 90)).toEqual({ size: 0, free: 0, used: 0, low: false });
  });
});

describe('the watch', () => {
  it('warns once when the disk gets low, again after an hour, and says when there is space again', async () => {
    const { log, said } = listen();
    let free = 500;
    const watch = new DiskWatch('/', 90, log, async () => disk(free));
    expect(watch.latest).toBeNull();
    await watch.check();
    expect([watch.low, said()]).toEqual([false, []]);
    free = 80;
    const warning =
      'warn: The disk of the data folder is 92 % full. Free some space, or set a retention for events: when it is full, no event is taken.';
    await watch.check();
    for (let minute = 0; minute < 59; minute++) await watch.check();
    expect([watch.low, said()]).toEqual([true, [warning]]);
    await watch.check();
    expect(said()).toEqual([warning, warning]);
    free = 500;
    await watch.check();
    expect([watch.low, said().at(-1)]).toEqual([false, 'info: The disk of the data folder has space again.']);
  });

  it('says once that a disk cannot be looked at, and goes on', async () => {
    const { log, said } = listen();
    let broken = true;
    const watch = new DiskWatch('/', 90, log, async () => {
      if (broken) throw new Error('gone');
      return disk(500);
    });
    expect(await watch.check()).toBeNull();
    expect(await watch.check()).toBeNull();
    expect(said()).toEqual(['warn: The free space of the disk cannot be read.']);
    broken = false;
    expect(await watch.check()).toMatchObject({ used: 0.5 });
  });

  it('reads a real disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verdict-disk-'));
    const watch = new DiskWatch(folder, 100, listen().log);
    await watch.start();
    watch.stop();
    expect(watch.latest!.size).toBeGreaterThan(0);
    expect(watch.latest!.used).toBeGreaterThanOrEqual(0);
    expect(watch.latest!.used).toBeLessThanOrEqual(1);
    rmSync(folder, { recursive: true });
  });
});
