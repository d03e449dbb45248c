#!/usr/bin/env node
import { run } from './program.ts';

const stop = new AbortController();
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
for (const signal of SIGNALS) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    process.stderr.write('\nEnding after what is under way; once more to end at once.\n');
  });
}
// Whoever reads our output may stop early (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  in: process.stdin,
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  signal: stop.signal,
  endAtOnce() {
    for (const signal of SIGNALS) process.removeAllListeners(signal);
  },
});
