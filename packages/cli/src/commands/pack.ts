import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { packArchive, packFolder } from '@verdict/xsoar';
import type { Command } from 'commander';
import { CliError, type Io, say } from '../io.ts';

/** `verdict pack …`: the content pack for Cortex XSOAR. */
export function packCommand(program: Command, io: Io): void {
  const pack = program.command('pack').description('the content pack for Cortex XSOAR');

  pack
    .command('build')
    .description('write the content pack into a folder: the tree, and the archive that XSOAR takes in its upload')
    .requiredOption('--out <folder>', 'an empty folder, or one to be made')
    .action(({ out }: { out: string }) => buildPack(io, resolve(out)));
}

function buildPack(io: Io, folder: string): void {
  const [tree, archive] = [packFolder(), packArchive()];
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CliError(`${folder} is not empty: name another folder, or empty it first.`);
  }
  mkdirSync(folder, { recursive: true });
  cpSync(tree, join(folder, 'Verdict'), { recursive: true });
  copyFileSync(archive, join(folder, basename(archive)));
  say(io, `The content tree is in ${join(folder, 'Verdict')}.`);
  say(io, `Upload ${join(folder, basename(archive))} in XSOAR: Marketplace → Upload Content Packs.`);
}
