import { BackupList, BackupMade, type BackupView } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import type { BackupService, StoredBackup } from './backup-service.ts';

/** Backups, for administrators. */
export function backupRoutes(parts: { readonly backups: BackupService }): Route[] {
  const { backups } = parts;
  return [
    route({
      method: 'POST',
      path: '/api/app/backup',
      id: 'createBackup',
      summary: 'Back up now',
      description:
        'A consistent copy of the database in the data folder, without the key file, made while the service goes on. Answers when it is done. `verdict backup DIR` makes one elsewhere, best on another disk.',
      tag: 'operations',
      right: { role: 'admin' },
      status: 201,
      response: BackupMade,
      async handler({ origin }) {
        const made = await backups.create(origin);
        return { backup: present(made), message: made.message };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/backups',
      id: 'listBackups',
      summary: 'Backups in the data folder, newest first',
      tag: 'operations',
      right: { role: 'admin' },
      response: BackupList,
      handler: async () => ({ backups: (await backups.list()).map(present) }),
    }),
  ];
}

function present({ name, folder, manifest }: StoredBackup): BackupView {
  return {
    name,
    folder,
    created_at: manifest.created_at,
    version: manifest.version,
    bytes: manifest.database.bytes,
    sha256: manifest.database.sha256,
    with_key: manifest.key_file.included,
  };
}
