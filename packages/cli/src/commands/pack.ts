import { copyFileSync, cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { checkPacks, type Finding, NoPack, type PackReport, packArchive, packFolder } from '@verdict/xsoar';
import type { Command } from 'commander';
import { CliError, count, type Io, note, plural, say, sayJson } from '../io.ts';
import { printable } from '../table.ts';
import { reasonOf } from '../text-file.ts';

/**
 * `verdict pack …`: the content pack for Cortex XSOAR, and checks of any content pack.
 * @param fail called where the command did its work and found errors.
 */
export function packCommand(program: Command, io: Io, fail: () => void): void {
  const pack = program.command('pack').description('the content pack for Cortex XSOAR');

  pack
    .command('build')
    .description('write the content pack into a folder: the tree, and the archive that XSOAR takes in its upload')
    .requiredOption('--out <folder>', 'an empty folder, or one to be made')
    .action(({ out }: { out: string }) => buildPack(io, resolve(out)));

  pack
    .command('check <folder>')
    .description(
      'check a content pack, or a repository of them, without an XSOAR server; ends with status 1 where there are errors',
    )
    .option('--strict', 'take warnings for errors')
    .option('--json', 'answer as JSON')
    .action((folder: string, options: { strict?: true; json?: true }) => {
      const report = check(folder);
      if (options.json) sayJson(io, report);
      else tell(io, report);
      if (report.findings.some(({ severity }) => severity === 'error' || options.strict === true)) fail();
    });
}

function buildPack(io: Io, folder: string): void {
  const [tree, archive] = [packFolder(), packArchive()];
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there !== undefined && !there.isDirectory()) throw new CliError(`${folder} is a file: name a folder.`);
  if (there !== undefined && readdirSync(folder).length > 0) {
    throw new CliError(`${folder} is not empty: name another folder, or empty it first.`);
  }
  try {
    mkdirSync(folder, { recursive: true });
    cpSync(tree, join(folder, 'Verdict'), { recursive: true });
    copyFileSync(archive, join(folder, basename(archive)));
  } catch (error) {
    throw new CliError(`${folder} cannot be written: ${reasonOf(error)}.`);
  }
  say(io, `The content tree is in ${join(folder, 'Verdict')}.`);
  say(io, `Upload ${join(folder, basename(archive))} in XSOAR: Marketplace → Upload Content Packs.`);
}

function check(folder: string): PackReport {
  try {
    return checkPacks(resolve(folder));
  } catch (error) {
    if (error instanceof NoPack) throw new CliError(error.message);
    throw error;
  }
}

function tell(io: Io, { packs, files, findings }: PackReport): void {
  for (const finding of findings) tellFinding(io, finding);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  note(
    io,
    `${plural(packs.length, 'pack')}, ${plural(files, 'file')}: ${plural(errors, 'error')}, ${count(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}.`,
  );
}

function tellFinding(io: Io, { file, line, place, rule, severity, message, mend }: Finding): void {
  say(
    io,
    printable(
      `${file}:${line}  ${severity}  ${message}${place === '' || message.includes(place) ? '' : ` (${place})`}  [${rule}]`,
    ),
  );
  say(io, printable(`    ${mend}`));
}
