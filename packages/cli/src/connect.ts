import { connect as connectSocket } from 'node:net';
import { join, resolve } from 'node:path';
import { VerdictClient } from '@verdict/client';
import type { Config } from '@verdict/server/local';
import { CliError, type Io } from './io.ts';

/** Where a command works, as the person said it. */
export interface Where {
  /** Address of a service elsewhere; its key is in VERDICT_API_KEY. */
  readonly url?: string | undefined;
  /** Data folder, in place of VERDICT_DATA_DIR. */
  readonly dataDir?: string | undefined;
}

/** A line to the service. */
export interface Session {
  readonly client: VerdictClient;
  /** `remote`, the socket of a `running` service, or the store `opened` by this command itself. */
  readonly kind: 'remote' | 'running' | 'opened';
  close(): Promise<void>;
}

/**
 * Finds the service: at an address with a key; else over the socket in the data folder, as operator; where nothing listens there, it opens the store
 * itself.
 */
export async function connect(io: Io, where: Where): Promise<Session> {
  const url = where.url ?? (io.env.VERDICT_URL || undefined);
  if (url !== undefined) return remote(io, url);
  const config = await readConfig(io, where);
  const { openLocal, SOCKET_FILE } = await import('@verdict/server/local');
  const socketPath = join(resolve(config.dataDir), SOCKET_FILE);
  if (await listens(socketPath)) return { client: new VerdictClient({ socketPath }), kind: 'running', close: async () => {} };
  const opened = await openLocal(config);
  return { client: new VerdictClient({ socketPath: opened.socketPath }), kind: 'opened', close: () => opened.close() };
}

/** Does something over a session and closes it whatever happens. */
export async function withSession<T>(io: Io, where: Where, act: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(io, where);
  try {
    return await act(session);
  } finally {
    await session.close();
  }
}

/** The settings of the service, as it would read them from here. */
export async function readConfig(io: Io, where: Where): Promise<Config> {
  const { loadConfig } = await import('@verdict/server/local');
  return loadConfig(where.dataDir === undefined ? io.env : { ...io.env, VERDICT_DATA_DIR: where.dataDir }).config;
}

function remote(io: Io, url: string): Session {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new CliError(`"${url}" is not the address of a service. Write it like http://localhost:9666.`);
  }
  const key = io.env.VERDICT_API_KEY;
  if (!key)
    throw new CliError(
      'Set VERDICT_API_KEY to a management key. `verdict keys create --name N --management` makes one on the machine of the service.',
    );
  return { client: new VerdictClient({ baseUrl: url, key }), kind: 'remote', close: async () => {} };
}

function listens(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connectSocket(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
