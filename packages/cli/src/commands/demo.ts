import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { connect, readConfig } from '../connect.ts';
import type { Story } from '../demo/story.ts';
import { type Io, note } from '../io.ts';
import { whereOf, whole } from '../options.ts';

interface DemoOptions {
  readonly keep?: true;
  readonly seed: number;
  readonly alerts: number;
}

/** `verdict demo`: the whole story, on a service of its own or on one that runs elsewhere. */
export function demoCommand(program: Command, io: Io): void {
  program
    .command('demo')
    .description('walk the whole story with made-up alerts, on a private service that is removed at the end (or at --url)')
    .option('--keep', 'leave what was made: the data of the private service, or the AI use case at --url')
    .option('--seed <n>', 'of the made-up alerts', whole(0, 4_294_967_295), 1)
    .option('--alerts <n>', 'alerts of the day', whole(300, 20_000), 2_000)
    .action(async (options: DemoOptions, command: Command) => {
      const where = whereOf(command);
      if (where.url !== undefined || io.env.VERDICT_URL) {
        const url = (where.url ?? io.env.VERDICT_URL)!;
        const session = await connect(io, where);
        return tell(io, { ...options, keep: options.keep === true, url, admin: session.client });
      }
      await onPrivateService(io, where.dataDir, options);
    });
}

async function onPrivateService(io: Io, dataDir: string | undefined, options: DemoOptions): Promise<void> {
  const { createLog, DEFAULTS, SOCKET_FILE, startService } = await import('@verdict/server/local');
  const folder =
    dataDir === undefined ? mkdtempSync(join(tmpdir(), 'verdict-demo-')) : (await readConfig(io, { dataDir })).dataDir;
  const log = createLog({ logLevel: 'silent' });
  const service = await startService({ ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' }, log);
  try {
    const admin = new VerdictClient({ socketPath: join(folder, SOCKET_FILE) });
    // What is in a folder of its own goes with the folder.
    await tell(io, { ...options, keep: true, url: service.url, admin });
  } finally {
    await service.stop();
    if (options.keep || dataDir !== undefined)
      note(io, `The data is in ${folder}. Look around: VERDICT_DATA_DIR=${folder} npm start`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** Loaded when it is asked for: the alerts come with the service, which other commands do without. */
async function tell(io: Io, story: Story): Promise<void> {
  const { tellStory } = await import('../demo/story.ts');
  await tellStory(io, story);
}
