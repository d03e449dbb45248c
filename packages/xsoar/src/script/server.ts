import { type Fields, fail, type HttpAnswer, instanceParameters, merged, pause, sendHttp } from './platform.ts';
import { isObject, isTrue, parseJson, textOf } from './values.ts';

/** Where the instance points. */
interface Server {
  readonly url: string;
  readonly key: string;
  readonly insecure: boolean;
  readonly proxy: boolean;
}

/** How often a call is repeated that the server asks to repeat, and how long that may take each time. */
const REPEATS = 2;
const LONGEST_PAUSE_SECONDS = 10;

/**
 * Calls the v1 API of the server that the instance names, and repeats what it asks to repeat (429, 503).
 * @param path what follows the address, beginning with a slash.
 * @param body JSON text.
 * @returns the JSON of the answer; anything but success ends the command with the server’s own sentence.
 */
export function call(method: string, path: string, body?: string): unknown {
  const server = serverOfInstance();
  for (let turn = 0; ; turn++) {
    const answer = send(server, method, path, body);
    const status = answer.StatusCode || 0;
    if ((status === 429 || status === 503) && turn < REPEATS && pauseFor(answer)) continue;
    if (status <= 0) return fail(unreachable(server, answer));
    const json = parseJson(answer.Body || '');
    if (status >= 200 && status < 300 && json !== undefined) return json;
    return fail(problem(server, status, json));
  }
}

/** Like {@link call}, where the answer is an object. */
export function callForObject(method: string, path: string, body?: string): Fields {
  const json = call(method, path, body);
  return isObject(json) ? json : fail(notVerdict(serverOfInstance()));
}

/** The address of the server, for people. */
export function serverUrl(): string {
  return serverOfInstance().url;
}

/** What is wrong with an address that answers, but not as Verdict does. */
export function notVerdictHere(): string {
  return notVerdict(serverOfInstance());
}

function serverOfInstance(): Server {
  const params = instanceParameters();
  const url = textOf(params.url, 'Server URL').replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/i.test(url)) {
    fail(`The server URL must be like https://verdict.example.com:9666, not “${url}”: change it in the instance.`);
  }
  const credentials = isObject(params.credentials) ? params.credentials : {};
  const key = textOf(credentials.password, 'API Key') || textOf(params.apikey, 'API Key');
  if (key === '') fail('The instance has no API key: copy the one of the Cortex XSOAR integration in Verdict.');
  return { url, key, insecure: isTrue(params.insecure), proxy: isTrue(params.proxy) };
}

function send(server: Server, method: string, path: string, body: string | undefined): HttpAnswer {
  const headers = { 'x-arcanna-api-key': [server.key], Accept: ['application/json'], 'Content-Type': ['application/json'] };
  const request = { Method: method, Headers: headers };
  return sendHttp(
    server.url + path,
    body === undefined ? request : merged(request, { Body: body }),
    server.insecure,
    server.proxy,
  );
}

/** Waits as long as the server says; false where that is too long, or the platform cannot. */
function pauseFor(answer: HttpAnswer): boolean {
  const seconds = Number(headerOf(answer, 'retry-after'));
  return seconds >= 0 && seconds <= LONGEST_PAUSE_SECONDS && pause(Math.max(1, seconds));
}

function headerOf(answer: HttpAnswer, name: string): string {
  const headers = answer.Headers || {};
  const key = Object.keys(headers).filter((one) => one.toLowerCase() === name)[0];
  return key === undefined ? 'none' : String(headers[key]);
}

function unreachable(server: Server, answer: HttpAnswer): string {
  const said = textOf(answer.Status || answer.Body, 'Status');
  const why = said === '' ? '' : ` (${said})`;
  if (/gave HTTP response to HTTPS|not look like a TLS|wrong version number/i.test(said)) {
    return `${server.url} speaks HTTP without TLS${why}: begin the server URL with http://, or give Verdict a certificate.`;
  }
  if (/x509|certificate|self.signed|unable to verify|tls:|ssl/i.test(said)) {
    return `The certificate of ${server.url} is not trusted${why}: install it in XSOAR, or choose “Trust any certificate” in the instance.`;
  }
  const brokenOff = /^http:/i.test(server.url) && /EOF|reset|broken off/i.test(said);
  const tlsHint = brokenOff ? ' Where Verdict speaks TLS, the URL begins with https://.' : '';
  return `${server.url} cannot be reached${why}: check the server URL, that Verdict runs and listens beyond its own machine (VERDICT_HOST), and that XSOAR or its engine gets there.${tlsHint}`;
}

function problem(server: Server, status: number, json: unknown): string {
  const said = isObject(json) ? json.detail || json.error_message : undefined;
  const sentence = typeof said === 'string' ? said : '';
  if (status === 401) return `The API key is refused. ${sentence || 'Copy the one of the Cortex XSOAR integration in Verdict.'}`;
  if (sentence !== '') return sentence;
  if (status >= 200 && status < 400) return notVerdict(server);
  return `${server.url} answered with status ${status} and without a reason: check the server URL, and what stands between XSOAR and Verdict.`;
}

function notVerdict(server: Server): string {
  return `What answers at ${server.url} is not Verdict: check the server URL.`;
}
