import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { isList, isObject, type Json, type JsonObject } from '../context/index.ts';
import type { Answer, HttpRequest } from './protocol.ts';

const LARGEST_ANSWER = 32 * 1024 * 1024;
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/**
 * Answers XSOAR's `http(url, {Method, Headers: {K: [v]}, Body}, insecure, proxy)` with `{StatusCode, Status, Body, Headers}`. A server that
 * cannot be reached is an error, which the script sees thrown. Redirections are not followed, so that a key stays with the server it is for.
 * @param env where the system's proxy is named (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`).
 */
export async function answerHttp(
  { url, options, insecure, proxy }: HttpRequest,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  if (!URL.canParse(url)) return { error: `"${url}" is not an address.` };
  const target = new URL(url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') return { error: `"${url}" is neither http nor https.` };
  const asked: JsonObject = isObject(options) ? options : {};
  const method = typeof asked.Method === 'string' && asked.Method !== '' ? asked.Method.toUpperCase() : 'GET';
  if (!METHODS.has(method)) return { error: `${method} is not a method that can be asked for.` };
  const secure = target.protocol === 'https:';
  const through = proxy ? { proxyEnv: { ...env } } : {};
  const agent = secure ? new SecureAgent({ ...through, rejectUnauthorized: !insecure }) : new Agent(through);
  try {
    const body = typeof asked.Body === 'string' ? Buffer.from(asked.Body) : undefined;
    const headers = { ...headersOf(asked.Headers), ...(body === undefined ? {} : { 'content-length': String(body.length) }) };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const send = secure ? requestHttps : requestHttp;
    send(target, { method, headers, agent, signal }, resolve).on('error', reject).end(body);
    return { value: await answerOf(await promise) };
  } catch (error) {
    return { error: signal.aborted ? `${target.origin}: it did not answer in time` : reasonOf(error, target) };
  } finally {
    agent.destroy();
  }
}

function headersOf(value: Json | undefined): Record<string, string | string[]> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, said]) => {
      const values = (isList(said) ? said : [said])
        .filter((one) => typeof one === 'string' || typeof one === 'number')
        .map(String);
      return values.length === 0 ? [] : [[name, values.length === 1 ? values[0]! : values]];
    }),
  );
}

async function answerOf(message: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error('The answer is larger than 32 MiB.');
    chunks.push(chunk);
  }
  const status = message.statusCode ?? 0;
  return {
    StatusCode: status,
    Status: `${status} ${message.statusMessage ?? ''}`.trim(),
    Body: Buffer.concat(chunks).toString('utf8'),
    Headers: Object.fromEntries(
      Object.entries(message.headersDistinct).flatMap(([name, values]) =>
        values === undefined ? [] : [[canonical(name), values]],
      ),
    ),
  };
}

/** `content-type` as `Content-Type`, the form in which XSOAR shows names of headers. */
function canonical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was broken off',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to the host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

function reasonOf(error: unknown, target: URL): string {
  const code = textOfMember(error, 'code');
  const message = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 300) : '';
  const known = /wrong version number/.test(message) ? 'it does not speak TLS (wrong version number)' : REASONS[code];
  const certificate = /CERT|SIGNATURE/.test(code) ? ' (x509 certificate)' : '';
  return `${where(error, target)}: ${known ?? (message || code)}${certificate}${code === '' ? '' : ` [${code}]`}`;
}

/** The server, or the proxy where the connection to that was not made. */
function where(error: unknown, { origin, port, protocol }: URL): string {
  const [address, reached] = [textOfMember(error, 'address'), textOfMember(error, 'port')];
  const own = port || (protocol === 'https:' ? '443' : '80');
  return reached === '' || reached === own ? origin : `${origin} through the proxy ${address}:${reached}`;
}

function textOfMember(error: unknown, name: 'address' | 'code' | 'port'): string {
  if (!(error instanceof Error)) return '';
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
