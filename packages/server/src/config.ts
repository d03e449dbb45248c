import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { isLoopback, type LogLevel, nearest, SETTINGS, type Setting, type SettingKey, type Settings } from './settings.ts';

/** Everything that can be set from outside. Read once at start; every part gets what it needs passed in. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly allowHttp: boolean;
  readonly trustedProxies: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly passphrase?: string } | null;
  readonly logLevel: LogLevel;
  /** Largest body of one event, in bytes. */
  readonly eventLimit: number;
  /** Largest body of a bulk call, in bytes. */
  readonly bulkLimit: number;
  /** Events that may wait for the writer before callers are asked to come back later. */
  readonly queueLimit: number;
  /** Percent of the disk in use from which the service warns, 1 to 100. */
  readonly diskWarning: number;
  /** Local time of day of the retention sweep, `hh:mm`. */
  readonly retentionAt: string;
}

/** Where a value comes from. */
export type Source = 'default' | 'environment' | 'file';

/** A configuration with where each value came from and what is worth a warning. */
export interface LoadedConfig {
  readonly config: Config;
  /** Sentences for the log and the terminal. */
  readonly warnings: readonly string[];
  /** The configuration file that was read, or null. */
  readonly file: string | null;
  readonly settings: Settings;
  readonly sources: Readonly<Record<SettingKey, Source>>;
}

/** A row of `verdict config`. */
export interface ConfigRow {
  /** The environment variable. */
  readonly name: string;
  /** The member of the configuration file. */
  readonly member: string;
  /** As text; secrets are masked, empty when not set. */
  readonly value: string;
  readonly source: Source;
  readonly description: string;
}

/** Settings that cannot be used: all mistakes at once, each saying how to make a good value. */
export class BadConfig extends Error {
  override readonly name = 'BadConfig';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `${mistakes.length === 1 ? 'A setting is' : `${mistakes.length} settings are`} wrong:\n${mistakes.map((one) => `  - ${one}`).join('\n')}`,
    );
    this.mistakes = mistakes;
  }
}

/** The variable that names the configuration file, and the file that is read from the working folder without it. */
export const CONFIG_FILE_VARIABLE = 'VERDICT_CONFIG_FILE';
export const CONFIG_FILE = 'verdict.config.json';

/** Variables that other programs of Verdict read: no reason to warn of them. */
const READ_ELSEWHERE = [CONFIG_FILE_VARIABLE, 'VERDICT_URL', 'VERDICT_API_KEY'];

const KEYS = Object.keys(SETTINGS) as SettingKey[];
const TABLE: { readonly [K in SettingKey]: Setting<unknown> } = SETTINGS;

/** What applies where nothing is set. */
export const DEFAULTS: Config = assemble(
  Object.fromEntries(KEYS.map((key) => [key, TABLE[key].default])) as Record<SettingKey, unknown> as Settings,
);

/**
 * Reads the settings: the environment wins over the configuration file, that over the defaults. An empty variable counts as not set.
 * @param env the environment, as `process.env`
 * @param file the configuration file; without it `VERDICT_CONFIG_FILE`, or `verdict.config.json` in the working folder if there is one
 * @throws BadConfig with all mistakes at once.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, file?: string): LoadedConfig {
  const mistakes: string[] = [];
  const warnings: string[] = [];
  const named = file ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const document = readDocument(resolve(named ?? CONFIG_FILE), named !== undefined, mistakes);

  const values: Partial<Record<SettingKey, unknown>> = {};
  const sources: Partial<Record<SettingKey, Source>> = {};
  for (const key of KEYS) {
    const entry = TABLE[key];
    const fromEnv = env[entry.name];
    const fromFile = document?.members[key];
    const source: Source = fromEnv ? 'environment' : fromFile !== undefined && fromFile !== null ? 'file' : 'default';
    sources[key] = source;
    values[key] = entry.default;
    if (source === 'default') continue;
    try {
      const value = entry.read(source === 'environment' ? fromEnv : fromFile);
      values[key] = source === 'file' && entry.path ? resolve(dirname(document!.file), String(value)) : value;
    } catch (error) {
      const where = source === 'environment' ? entry.name : `${key} in ${document!.file} (${entry.name})`;
      mistakes.push(`${where} must ${error instanceof Error ? error.message : 'be another value'}.`);
    }
  }
  warnOfUnknown(env, document, warnings);

  // Every key was given a value above, by a reader of its type or its default.
  const settings = values as Record<SettingKey, unknown> as Settings;
  const config = assemble(settings);
  checkTls(settings, mistakes, warnings);
  checkReach(config, sources, mistakes, warnings);
  if (config.eventLimit > config.bulkLimit) {
    mistakes.push('VERDICT_BULK_LIMIT must be at least VERDICT_EVENT_LIMIT: a bulk call carries whole events.');
  }
  if (mistakes.length > 0) throw new BadConfig(mistakes);
  return { config, warnings, file: document?.file ?? null, settings, sources: sources as Record<SettingKey, Source> };
}

/** All settings with their values and where they come from, for people. */
export function describeConfig(loaded: LoadedConfig): ConfigRow[] {
  return KEYS.map((key) => {
    const { name, description, secret } = TABLE[key];
    const value: unknown = loaded.settings[key];
    const shown = Array.isArray(value) ? value.join(',') : String(value);
    return { name, member: key, value: secret && shown !== '' ? '********' : shown, source: loaded.sources[key], description };
  });
}

function assemble(settings: Settings): Config {
  const { tlsCert, tlsKey, tlsPassphrase, ...rest } = settings;
  const tls =
    tlsCert && tlsKey ? { certFile: tlsCert, keyFile: tlsKey, ...(tlsPassphrase ? { passphrase: tlsPassphrase } : {}) } : null;
  return { ...rest, tls };
}

interface Document {
  readonly file: string;
  readonly members: Readonly<Record<string, unknown>>;
}

function readDocument(file: string, wanted: boolean, mistakes: string[]): Document | null {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (wanted || code !== 'ENOENT') {
      mistakes.push(
        `${CONFIG_FILE_VARIABLE}: the configuration file ${file} cannot be read (${code}). Name one that can, or none.`,
      );
    }
    return null;
  }
  try {
    const members: unknown = JSON.parse(content.replace(/^\uFEFF/, ''));
    if (typeof members === 'object' && members !== null && !Array.isArray(members)) return { file, members: { ...members } };
    mistakes.push(`${file} must hold a JSON object, like {"port": 9666}.`);
  } catch {
    // The parser's own message quotes the file, which may hold a passphrase.
    mistakes.push(`${file} is not valid JSON. It must be an object like {"port": 9666}, without comments and trailing commas.`);
  }
  return null;
}

function warnOfUnknown(env: Readonly<Record<string, string | undefined>>, document: Document | null, warnings: string[]): void {
  const names = [...KEYS.map((key) => TABLE[key].name), ...READ_ELSEWHERE];
  for (const name of Object.keys(env)
    .filter((one) => one.startsWith('VERDICT_') && !names.includes(one))
    .sort()) {
    warnings.push(`The environment variable ${name} is not known and changes nothing.${meant(name, names)}`);
  }
  for (const member of Object.keys(document?.members ?? {})
    .filter((one) => !Object.hasOwn(SETTINGS, one))
    .sort()) {
    const byVariable = KEYS.find((key) => TABLE[key].name === member);
    warnings.push(
      `"${member.slice(0, 100)}" in ${document!.file} is not known and changes nothing.${byVariable ? ` Did you mean ${byVariable}?` : meant(member, KEYS)}`,
    );
  }
}

function meant(name: string, candidates: readonly string[]): string {
  const candidate = nearest(name, candidates);
  return candidate ? ` Did you mean ${candidate}?` : '';
}

function checkTls(settings: Settings, mistakes: string[], warnings: string[]): void {
  const { tlsCert, tlsKey, tlsPassphrase } = settings;
  if (!tlsCert && !tlsKey) {
    if (tlsPassphrase) warnings.push('VERDICT_TLS_PASSPHRASE is set, but no TLS certificate and key: it changes nothing.');
    return;
  }
  if (!tlsCert || !tlsKey) {
    const [set, missing] = tlsCert ? ['VERDICT_TLS_CERT', 'VERDICT_TLS_KEY'] : ['VERDICT_TLS_KEY', 'VERDICT_TLS_CERT'];
    mistakes.push(`${missing} is missing: ${set} is set, and TLS needs both files. \`verdict tls self-signed\` makes a pair.`);
    return;
  }
  const cert = readPem('VERDICT_TLS_CERT', tlsCert, mistakes);
  const key = readPem('VERDICT_TLS_KEY', tlsKey, mistakes);
  if (cert === null || key === null) return;
  try {
    createSecureContext({ cert, key, ...(tlsPassphrase ? { passphrase: tlsPassphrase } : {}) });
    const expires = new X509Certificate(cert).validToDate;
    const days = Math.floor((expires.getTime() - Date.now()) / 86_400_000);
    if (days < 0)
      warnings.push(
        `The TLS certificate ${tlsCert} expired on ${expires.toISOString().slice(0, 10)}: clients will refuse it. Renew it.`,
      );
    else if (days < 30)
      warnings.push(`The TLS certificate ${tlsCert} expires on ${expires.toISOString().slice(0, 10)}. Renew it before.`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    mistakes.push(
      `VERDICT_TLS_CERT and VERDICT_TLS_KEY must be a certificate and its own private key in PEM form, with VERDICT_TLS_PASSPHRASE where the key is encrypted (${code}).`,
    );
  }
}

function readPem(name: string, file: string, mistakes: string[]): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    mistakes.push(`${name} must name a file that this service can read; ${file} cannot be read (${code}).`);
    return null;
  }
}

function checkReach(config: Config, sources: Partial<Record<SettingKey, Source>>, mistakes: string[], warnings: string[]): void {
  const tlsWanted = config.tls !== null || sources.tlsCert !== 'default' || sources.tlsKey !== 'default';
  if (isLoopback(config.host) || tlsWanted || config.trustedProxies.length > 0) return;
  if (config.allowHttp) {
    warnings.push(
      `The service listens on ${config.host} in plain HTTP, as VERDICT_ALLOW_HTTP allows: who can read the network can read keys, passwords and alerts.`,
    );
  } else {
    mistakes.push(
      `VERDICT_HOST is ${config.host}, which others can reach, but without TLS keys and alerts could be read on the way. Set VERDICT_TLS_CERT and VERDICT_TLS_KEY (\`verdict tls self-signed\` makes a pair), or name the proxy that ends TLS in VERDICT_TRUSTED_PROXIES, or accept the risk with VERDICT_ALLOW_HTTP=1, or listen on 127.0.0.1.`,
    );
  }
}
