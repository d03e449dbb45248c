import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Clock, wallClock } from './clock.ts';
import { BadConfig, type Config } from './config.ts';
import { createHttp, type Http } from './http/server.ts';
import { type Services, wireServices } from './services.ts';
import { openSqlite } from './storage/sqlite.ts';
import { VERSION } from './version.ts';
import { webFolder } from './web-folder.ts';

/** Where local commands find the running service. */
export const SOCKET_FILE = 'verdict.sock';
/** Bytes of a socket's path that every system takes: macOS has the shortest. */
const LONGEST_SOCKET_PATH = 103;

/** A service that takes calls. */
export interface Running {
  readonly services: Services;
  readonly http: Http;
  /** Where it answers: `http://127.0.0.1:9666`. */
  readonly url: string;
  /**
   * What to open and do next.
   * @param terminal whether only a person at a terminal sees it: then it has the set-up link. What is kept in a log file must not have it.
   */
  welcome(terminal?: boolean): Promise<string>;
  /** Stops taking calls, finishes what was accepted, closes the store. */
  stop(): Promise<void>;
}

/**
 * Starts the whole service: store → services → long works → HTTP.
 * @throws StoreInUse, NewerDatabase, BadConfig for a data folder with too long a path, or the system's error when it cannot listen.
 */
export async function startService(config: Config, log: Logger, clock: Clock = wallClock): Promise<Running> {
  const tooLong = Buffer.byteLength(join(config.dataDir, SOCKET_FILE)) - LONGEST_SOCKET_PATH;
  if (tooLong > 0) {
    throw new BadConfig([
      `VERDICT_DATA_DIR must be ${tooLong} bytes shorter: local commands reach the service through a socket in it, whose path the system limits.`,
    ]);
  }
  const storage = openSqlite(config.dataDir);
  try {
    const services = wireServices({ config, storage, clock, log });
    await services.start();
    const http = await createHttp({
      config,
      version: VERSION,
      log,
      authenticate: services.authenticate,
      routes: services.routes,
      observe: services.observeCall,
      pages: webFolder(),
    });
    await http.app.listen({ host: config.host, port: config.port });
    const socket = join(config.dataDir, SOCKET_FILE);
    // The folder's lock is ours, so a socket that is still there was left by a process that did not end well.
    rmSync(socket, { force: true });
    await http.listenOperator(socket);
    chmodSync(socket, 0o600);

    const url = addressOf(config, http);
    return {
      services,
      http,
      url,
      welcome: (terminal = true) => welcome(config, url, services, terminal),
      async stop() {
        services.stopping();
        await http.close();
        rmSync(socket, { force: true });
        await services.stop();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function addressOf(config: Config, http: Http): string {
  const address = http.app.server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  const host =
    config.host === '127.0.0.1' || config.host === '0.0.0.0'
      ? 'localhost'
      : config.host.includes(':')
        ? `[${config.host}]`
        : config.host;
  return `${config.tls ? 'https' : 'http'}://${host}:${port}`;
}

async function welcome(config: Config, url: string, services: Services, terminal: boolean): Promise<string> {
  const jobs = await services.jobs.list({ kind: 'operator', name: 'operator' });
  const { setup } = services.access;
  const secret = terminal ? await setup.issue() : null;
  const lines = [
    `Verdict ${VERSION} is running on ${url} with its data in ${config.dataDir}.`,
    '',
    `  Web app:            ${url}`,
    `  API page:           ${url}/docs`,
    ...(!terminal && (await setup.isNeeded())
      ? [
          '  First start:        npm run verdict -- users add NAME --admin',
          '                      (no terminal here, so no set-up link: it would stay in a log)',
        ]
      : []),
    ...(secret === null
      ? []
      : [
          `  First start:        ${url}/setup#${secret}`,
          '                      (makes the first administrator; serves once, for an hour)',
        ]),
    ...(jobs.length > 0
      ? [`  AI use cases:       ${jobs.length}`]
      : ['  See it at work:     npm run verdict -- demo', '  Wire a SOAR:        README.md, "A tour in five minutes"']),
    '',
  ];
  return `${lines.join('\n')}\n`;
}
