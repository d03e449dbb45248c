/** A service in a process of its own, as `main.ts` starts it, that also tells how its loop and its memory do. Started by `ServerProcess`. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createLog, startService } from '@verdict/server';
import { benchConfig } from './prepare.ts';
import type { Sample } from './server-process.ts';

const RESOLUTION_MS = 1;

const config = benchConfig(process.argv[2]!);
const { http, services, stop } = await startService(config, createLog(config));
void services.warmUp();
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const address = http.app.server.address();

process.on('message', async (message) => {
  if (message === 'watch') {
    delays.enable();
    delays.reset();
    process.send!({});
  } else if (message === 'sample') {
    const { user, system } = process.threadCpuUsage();
    delays.disable();
    const sample: Sample = {
      // The interval between two ticks, less what it is meant to be.
      stallMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
      cpuSeconds: (user + system) / 1e6,
      memoryMb: process.memoryUsage.rss() / 1024 / 1024,
    };
    process.send!(sample);
  } else {
    await stop();
    process.disconnect();
  }
});
process.send!({ port: typeof address === 'object' && address ? address.port : 0 });
