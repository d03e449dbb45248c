import { BadConfig, loadConfig } from './config.ts';
import { createLog } from './operations/log.ts';
import { type Running, startService } from './service.ts';
import { NewerDatabase } from './storage/migrations.ts';
import { StoreInUse } from './storage/sqlite.ts';

/** Time after the start until threads are warmed up that nobody has asked for yet. */
const WARM_UP_MS = 3_000;

/** `npm start`: settings → storage → services → HTTP, until a signal ends it. What is wrong with the start is said in a sentence. */
export async function run(): Promise<void> {
  let running: Running;
  try {
    const loaded = loadConfig(process.env);
    for (const warning of loaded.warnings) process.stderr.write(`Warning: ${warning}\n`);
    running = await startService(loaded.config, createLog(loaded.config));
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
    return;
  }
  // Calls that waited for the start go first.
  setTimeout(() => void running.services.warmUp(), WARM_UP_MS).unref();
  const shown = process.stdout.isTTY ? process.stdout : process.stderr;
  shown.write(await running.welcome(shown.isTTY));

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) {
      process.stderr.write('Stopping at once.\n');
      process.exit(1);
    }
    stopping = true;
    process.stderr.write(`\n${signal}: finishing what was accepted; once more to stop at once.\n`);
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${explain(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function explain(error: unknown): string {
  if (error instanceof BadConfig || error instanceof StoreInUse || error instanceof NewerDatabase) return error.message;
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE')
      return 'Something else listens on that port already. Stop it, or set VERDICT_PORT to another one.';
    if (error.code === 'EACCES')
      return `Not allowed: ${error.message}. Choose a port above 1023 (VERDICT_PORT) or a folder you may write (VERDICT_DATA_DIR).`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
