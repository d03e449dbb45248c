import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../connect.ts';
import { CliError, type Io, listOf, note, say, sayJson } from '../io.ts';
import { whereOf } from '../options.ts';
import { startProgress } from '../progress.ts';
import { table } from '../table.ts';

/** `verdict backup`, `restore`, `config`, `tls`: what is done on the machine of the service. */
export function operationsCommands(program: Command, io: Io): void {
  program
    .command('backup <dir>')
    .description('back up the data into a folder of its own, while the service runs or not')
    .option('--with-key', 'also copy the key file: whoever has the backup can then read the secrets of integrations')
    .option('--json', 'answer as JSON')
    .action(async (dir: string, options: { withKey?: true; json?: true }, command: Command) => {
      const { dataDir } = await onThisMachine(io, command);
      const { backupFolder } = await import('@verdict/server/local');
      const progress = startProgress(io, 'Backing up');
      const made = await backupFolder(dataDir, dir, {
        withKey: options.withKey === true,
        progress: (share) => progress.show(share, ''),
      }).finally(() => progress.done());
      if (options.json) return sayJson(io, { folder: made.folder, ...made.manifest });
      say(io, `Backed up ${dataDir} to ${made.folder} (${megabytes(made.manifest.database.bytes)}).`);
      note(io, made.message);
    });

  program
    .command('restore <dir>')
    .description('put a backup back into the data folder; the service must be stopped')
    .option('--force', 'also where the data folder is not empty: what was there is kept in a folder beside')
    .option('--json', 'answer as JSON')
    .action(async (dir: string, options: { force?: true; json?: true }, command: Command) => {
      const { dataDir } = await onThisMachine(io, command);
      const { restoreBackup } = await import('@verdict/server/local');
      const progress = startProgress(io, 'Restoring');
      const restored = await restoreBackup(dir, dataDir, {
        force: options.force === true,
        progress: (share) => progress.show(share, ''),
      }).finally(() => progress.done());
      if (options.json) return sayJson(io, restored);
      say(io, `Restored the backup of ${restored.manifest.created_at} into ${resolve(dataDir)}.`);
      for (const message of restored.messages) note(io, message);
    });

  program
    .command('config')
    .description('show all settings with where they come from; secrets are masked')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const { dataDir } = whereOf(command);
      const { loadConfig, describeConfig } = await import('@verdict/server/local');
      const loaded = loadConfig(dataDir === undefined ? io.env : { ...io.env, VERDICT_DATA_DIR: dataDir });
      const rows = describeConfig(loaded);
      if (options.json) return sayJson(io, { file: loaded.file, settings: rows, warnings: loaded.warnings });
      say(
        io,
        table(
          [{ heading: 'SETTING' }, { heading: 'VALUE', most: 60 }, { heading: 'FROM' }, { heading: 'IN THE FILE' }],
          rows.map(({ name, value, source, member }) => [name, value, source, member]),
        ),
      );
      note(io, loaded.file === null ? 'No configuration file.' : `Configuration file: ${loaded.file}`);
      for (const warning of loaded.warnings) note(io, `Warning: ${warning}`);
    });

  const tls = program.command('tls').description('certificates');
  tls
    .command('self-signed [folder]')
    .description('make cert.pem and key.pem, signed by themselves; in the folder tls of the data folder when none is named')
    .option('--hosts <a,b>', 'names and addresses that clients call the service by, beside localhost')
    .option('--force', 'replace a pair that is there')
    .option('--json', 'answer as JSON')
    .action(async (folder: string | undefined, options: { hosts?: string; force?: true; json?: true }, command: Command) => {
      const { makeSelfSigned } = await import('@verdict/server/local');
      const target = resolve(folder ?? `${(await readConfig(io, whereOf(command))).dataDir}/tls`);
      const made = await makeSelfSigned(target, listOf(options.hosts ?? ''), { overwrite: options.force === true });
      if (options.json) return sayJson(io, made);
      say(
        io,
        `Made ${made.certFile} and ${made.keyFile} for ${made.hosts.join(', ')}, good until ${made.expires.toISOString()}.`,
      );
      say(io, `SHA-256 fingerprint: ${made.fingerprint}`);
      note(io, `Use them: VERDICT_TLS_CERT=${made.certFile} VERDICT_TLS_KEY=${made.keyFile} npm start`);
      note(io, `Clients of Node trust it with NODE_EXTRA_CA_CERTS=${made.certFile}, curl with --cacert.`);
    });
}

async function onThisMachine(io: Io, command: Command): Promise<{ dataDir: string }> {
  const where = whereOf(command);
  if (where.url !== undefined)
    throw new CliError('This works on the machine of the service only: leave --url out and run it there.');
  return readConfig(io, where);
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
