import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openShell, type Shell } from '../testing.ts';

let shell: Shell;
beforeAll(() => {
  shell = openShell();
});
afterAll(() => shell.remove());

it('verdict pack build writes the tree and the archive into an empty folder', async () => {
  const folder = join(shell.folder, 'pack');
  const ran = await shell.verdict(['pack', 'build', '--out', folder]);
  expect(ran).toMatchObject({ status: 0, err: '' });
  const archive = /^Upload (.*\.zip) in XSOAR/m.exec(ran.out)?.[1] ?? '';
  expect(statSync(archive).size).toBeGreaterThan(10_000);
  const metadata: { name: string } = JSON.parse(readFileSync(join(folder, 'Verdict/pack_metadata.json'), 'utf8'));
  expect(metadata.name).toBe('Verdict');
  for (const file of ['Integrations/Verdict/Verdict.js', 'Scripts/VerdictCloseFeedback/VerdictCloseFeedback.yml', '.pack-ignore'])
    expect(existsSync(join(folder, 'Verdict', file)), file).toBe(true);
  expect(await shell.verdict(['pack', 'build', '--out', folder])).toMatchObject({
    status: 1,
    err: expect.stringContaining('is not empty'),
  });
  // A file is no folder, and nothing goes below one.
  for (const [out, why] of [
    [archive, `${archive} is a file: name a folder.`],
    [join(archive, 'x'), 'cannot be written: a part of the path is no folder.'],
  ] as const) {
    const refused = await shell.verdict(['pack', 'build', '--out', out]);
    expect(refused).toMatchObject({ status: 1, out: '', err: expect.stringContaining(why) });
  }
});
