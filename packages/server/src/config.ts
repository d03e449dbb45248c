/** Everything that can be set from outside. Read once at start; every part gets what it needs passed in. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly allowHttp: boolean;
  readonly trustedProxies: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Largest body of one event, in bytes. */
  readonly eventLimit: number;
  /** Largest body of a bulk call, in bytes. */
  readonly bulkLimit: number;
  /** Events that may wait for the writer before callers are asked to come back later. */
  readonly queueLimit: number;
}

/** What applies where nothing is set. */
export const DEFAULTS: Config = {
  host: '127.0.0.1',
  port: 9666,
  dataDir: './data',
  allowHttp: false,
  trustedProxies: [],
  allowedHosts: [],
  tls: null,
  logLevel: 'info',
  eventLimit: 1024 * 1024,
  bulkLimit: 64 * 1024 * 1024,
  queueLimit: 10_000,
};
