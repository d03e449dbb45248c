/**
 * Writes docs/openapi.json: what the service answers to GET /openapi.json. Run it after a change of routes or schemas; a test fails where the
 * file says something else, and shows the difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, DEFAULTS, startService } from '@verdict/server';

const folder = mkdtempSync(join(tmpdir(), 'verdict-openapi-'));
const config = { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' as const };
const running = await startService(config, createLog(config));
try {
  const answer = await fetch(`${running.url}/openapi.json`);
  const file = join(import.meta.dirname, '../docs/openapi.json');
  writeFileSync(file, `${JSON.stringify(await answer.json(), null, 1)}\n`);
  process.stdout.write(`${file} is up to date.\n`);
} finally {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
}
