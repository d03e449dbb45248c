import cliProgress from 'cli-progress';
import type { Io } from './io.ts';

/** Shows how far a long command is, on stderr: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** @param share done, 0 to 1. */
  show(share: number, what: string): void;
  /** Ends it. */
  done(what?: string): void;
}

const QUIET_MS = 5_000;

export function startProgress(io: Io, title: string): Progress {
  return io.err.isTTY ? bar(io, title) : lines(io, title);
}

function bar(io: Io, title: string): Progress {
  const single = new cliProgress.SingleBar({
    format: (options, { progress }, { what }) =>
      `${title} ${cliProgress.Format.BarFormat(progress, options)} ${String(Math.floor(progress * 100)).padStart(3)} %  ${what}`,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    stream: io.err as NodeJS.WriteStream,
    fps: 10,
    gracefulExit: false,
  });
  single.start(1, 0, { what: '' });
  return {
    show(share, what) {
      single.update(Math.min(1, share), { what });
      // Work on this thread may leave no turn to the bar's own timer.
      single.render();
    },
    done(what) {
      if (what !== undefined) single.update(1, { what });
      single.render();
      single.stop();
    },
  };
}

function lines(io: Io, title: string): Progress {
  let last = performance.now();
  return {
    show(share, what) {
      if (performance.now() - last < QUIET_MS) return;
      last = performance.now();
      io.err.write(`${title}: ${Math.floor(share * 100)} %${what === '' ? '' : `, ${what}`}\n`);
    },
    done(what) {
      if (what !== undefined) io.err.write(`${title}: ${what}\n`);
    },
  };
}
