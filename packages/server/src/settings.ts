import { isIP } from 'node:net';

/** The levels of the log, from quiet to loud. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One thing that can be set from outside. */
export interface Setting<T> {
  /** The environment variable. Its member in the configuration file is the key of the table. */
  readonly name: string;
  readonly default: T;
  readonly description: string;
  /** Never shown: not printed, logged or exported. */
  readonly secret?: true;
  /** The value names a file or folder; a relative one in the configuration file counts from that file. */
  readonly path?: true;
  /**
   * Reads a value: text from the environment, or whatever JSON holds.
   * @throws Error with what a good value looks like, as the end of the sentence "VERDICT_X must …".
   */
  read(value: unknown): T;
}

/**
 * Every setting: the only place where their names, types, defaults and descriptions are written down. The keys are the members of the
 * configuration file.
 */
export const SETTINGS = {
  host: setting({
    name: 'VERDICT_HOST',
    default: '127.0.0.1',
    description: 'Address to listen on. Any but a loopback one needs TLS, a trusted TLS proxy or VERDICT_ALLOW_HTTP=1.',
    read: hostName,
  }),
  port: setting({
    name: 'VERDICT_PORT',
    default: 9666,
    description: 'Port to listen on; 0 takes any free one.',
    read: whole(0, 65_535),
  }),
  dataDir: setting({
    name: 'VERDICT_DATA_DIR',
    default: './data',
    description: 'Folder of the database, the key file, the models and the backups. One process a folder.',
    path: true,
    read: text,
  }),
  allowHttp: setting({
    name: 'VERDICT_ALLOW_HTTP',
    default: false,
    description: 'Allows plain HTTP beyond loopback: keys and alerts can then be read on the way.',
    read: yesOrNo,
  }),
  tlsCert: setting({
    name: 'VERDICT_TLS_CERT',
    default: '',
    description: 'File with the TLS certificate and its chain (PEM). `verdict tls self-signed` makes a pair.',
    path: true,
    read: text,
  }),
  tlsKey: setting({
    name: 'VERDICT_TLS_KEY',
    default: '',
    description: 'File with the private key of the TLS certificate (PEM).',
    path: true,
    read: text,
  }),
  tlsPassphrase: setting({
    name: 'VERDICT_TLS_PASSPHRASE',
    default: '',
    description: 'Passphrase of the private key, where it is encrypted.',
    secret: true,
    read: text,
  }),
  trustedProxies: setting<readonly string[]>({
    name: 'VERDICT_TRUSTED_PROXIES',
    default: [],
    description:
      'Addresses or networks of proxies that end TLS and whose X-Forwarded-* headers are believed, with commas between.',
    read: list(proxyAddress),
  }),
  allowedHosts: setting<readonly string[]>({
    name: 'VERDICT_ALLOWED_HOSTS',
    default: [],
    description: 'Names the service is called by, beside localhost and its own, with commas between.',
    read: list(calledName),
  }),
  logLevel: setting<LogLevel>({
    name: 'VERDICT_LOG_LEVEL',
    default: 'info',
    description: `How much is logged: ${LOG_LEVELS.join(', ')}.`,
    read: level,
  }),
  eventLimit: setting({
    name: 'VERDICT_EVENT_LIMIT',
    default: 1024 * 1024,
    description: 'Largest body of one event, in bytes or like 2MiB.',
    read: bytes(1024, 64 * 1024 * 1024),
  }),
  bulkLimit: setting({
    name: 'VERDICT_BULK_LIMIT',
    default: 64 * 1024 * 1024,
    description: 'Largest body of a bulk call, in bytes or like 64MiB.',
    read: bytes(1024, 512 * 1024 * 1024),
  }),
  queueLimit: setting({
    name: 'VERDICT_QUEUE_LIMIT',
    default: 10_000,
    description: 'Events that may wait for the writer before callers are asked to come back later.',
    read: whole(1, 1_000_000),
  }),
  diskWarning: setting({
    name: 'VERDICT_DISK_WARNING',
    default: 90,
    description: 'Percent of the disk in use from which the service warns.',
    read: whole(1, 100),
  }),
  retentionAt: setting({
    name: 'VERDICT_RETENTION_AT',
    default: '03:30',
    description: 'Time of day (local, hh:mm) when events past the retention of their AI use case are removed.',
    read: timeOfDay,
  }),
};

export type SettingKey = keyof typeof SETTINGS;
/** The value of each setting. */
export type Settings = { readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|localhost)$/i.test(host);
}

/** The candidate with the fewest changes of one character away, or undefined when none is near (more than a third of the name). */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const changes = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (changes < fewest) {
      fewest = changes;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein (1966): insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  // What comes from outside may be long; beyond this no name is near any more.
  if (a.length > 100) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.includes('\0')) throw new Error('be a text that is not empty');
  return value;
}

function hostName(value: unknown): string {
  const host = typeof value === 'string' ? value.trim().replace(/^\[(.*)\]$/, '$1') : '';
  if (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host)) {
    throw new Error('be an address or a host name without port, like 127.0.0.1, 0.0.0.0 or ::');
  }
  return host;
}

function whole(least: number, most: number): (value: unknown) => number {
  return (value) => {
    const number =
      typeof value === 'number'
        ? value
        : typeof value === 'string' && /^\s*\d{1,15}\s*$/.test(value)
          ? Number(value)
          : Number.NaN;
    if (!Number.isInteger(number) || number < least || number > most)
      throw new Error(`be a whole number from ${least} to ${most}`);
    return number;
  };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

function bytes(least: number, most: number): (value: unknown) => number {
  return (value) => {
    const [, digits, unit] =
      /^\s*(\d{1,15})\s*([a-z]{0,3})\s*$/i.exec(
        typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
      ) ?? [];
    const number = Number(digits) * (UNITS[(unit ?? '-').toLowerCase()] ?? Number.NaN);
    if (!Number.isInteger(number) || number < least || number > most) {
      throw new Error(`be a number of bytes from ${least} to ${most}, like ${most / 4} or ${most / 4 / 2 ** 20}MiB`);
    }
    return number;
  };
}

function yesOrNo(value: unknown): boolean {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === '1' || word === 'true' || word === 'yes') return true;
  if (word === false || word === '0' || word === 'false' || word === 'no') return false;
  throw new Error('be 1 or 0 (true, false, yes and no do too)');
}

function level(value: unknown): LogLevel {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  const found = LOG_LEVELS.find((candidate) => candidate === word);
  if (!found) throw new Error(`be one of ${LOG_LEVELS.join(', ')}`);
  return found;
}

function timeOfDay(value: unknown): string {
  const time = typeof value === 'string' ? value.trim() : '';
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) throw new Error('be a time of day from 00:00 to 23:59, like 03:30');
  return time;
}

function list(one: (item: string) => string): (value: unknown) => readonly string[] {
  return (value) => {
    const items = typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(items) || items.some((item) => typeof item !== 'string')) {
      throw new Error('be a list: texts with commas between, in the file an array of texts');
    }
    return items
      .map((item: string) => item.trim())
      .filter((item) => item !== '')
      .map(one);
  };
}

const NAMED_NETWORKS = new Set(['loopback', 'linklocal', 'uniquelocal']);

function proxyAddress(item: string): string {
  const [address = '', prefix, ...rest] = item.split('/');
  const version = isIP(address);
  const widest = version === 4 ? 32 : 128;
  const fine =
    version !== 0 && rest.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= widest));
  if (!NAMED_NETWORKS.has(item) && !fine) {
    throw new Error(`list addresses or networks like 10.0.0.5 or 10.0.0.0/24 (or loopback); "${item.slice(0, 60)}" is neither`);
  }
  if (prefix !== undefined && Number(prefix) === 0) {
    throw new Error(`name the proxies themselves; "${item}" is everybody, and anybody could then claim any address`);
  }
  return item;
}

function calledName(item: string): string {
  const name = item.toLowerCase();
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?)(:\d{1,5})?$/.test(name)) {
    throw new Error(`list host names like verdict.example.org, without https:// and path; "${item.slice(0, 60)}" is not one`);
  }
  return name;
}
