#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** After so long, in milliseconds, what was compiled is written down: a service that is killed writes nothing at its end. */
const FLUSH_MS = 10_000;

// From source, every file is stripped of its types before it runs, in the service and again in each of its threads. What that gave is kept
// beside the installed packages, and not in the system's temporary folder: others could write there what we then run.
if (import.meta.url.endsWith('.ts')) {
  const folder = fileURLToPath(new URL('../../../node_modules/.cache/verdict', import.meta.url));
  if (enableCompileCache(folder).directory !== undefined) {
    // Threads look for it here.
    process.env.NODE_COMPILE_CACHE = folder;
    setTimeout(flushCompileCache, FLUSH_MS).unref();
  }
}

const { run } = await import('./run.ts');
await run();
