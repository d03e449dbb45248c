import { Writable } from 'node:stream';
import fastify from 'fastify';
import type { Logger } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

let written: string;
let log: Logger;

beforeEach(() => {
  written = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString('utf8');
      done();
    },
  });
  log = createLog({ logLevel: 'debug' }, destination);
});

const lines = (): Record<string, unknown>[] =>
  written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('secrets', () => {
  it.each(['x-arcanna-api-key', 'authorization', 'cookie', 'set-cookie', 'password', 'passphrase', 'api_token', 'key'])(
    'hides %s at every level',
    (name) => {
      const secret = 'vk_hunter2';
      log.info({ [name]: secret, a: { [name]: secret, b: { [name]: [secret], c: { [name]: secret } } } }, 'said');
      expect(written).not.toContain(secret);
      expect(lines()[0]).toMatchObject({
        [name]: '[hidden]',
        a: { [name]: '[hidden]', b: { [name]: '[hidden]', c: { [name]: '[hidden]' } } },
      });
    },
  );

  it('hides what customers sent, in child loggers too', () => {
    log
      .child({ reqId: '7' })
      .warn({ body: { user: 'alice' }, call: { raw_body: 'alice', query: { q: 'alice' }, closing_notes: 'alice' } }, 'odd');
    expect(written).not.toContain('alice');
    expect(lines()[0]).toMatchObject({ reqId: '7', body: '[hidden]' });
  });

  it('leaves the logged object itself as it was', () => {
    const given = Object.freeze({ password: 'hunter2' });
    log.info(given);
    expect(given.password).toBe('hunter2');
  });
});

describe('a line', () => {
  it('is JSON with level, ISO time and service, and only from the level that is set', () => {
    log.trace('quiet');
    log.info({ events: 3 }, 'stored');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        service: 'verdict',
        events: 3,
        msg: 'stored',
      },
    ]);
  });
});

describe('errors', () => {
  it('keep type, code, message, stack and causes, and nothing that hangs on them', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'SQLITE_FULL', rows: ['alice'] });
    const error = Object.assign(new Error('outer', { cause }), {
      body: 'alice',
      validation: [{ params: { value: 'alice' } }],
      request: { a: 'alice' },
    });
    log.error({ err: error }, 'failed');
    expect(written).not.toContain('alice');
    expect(lines()[0]!.err).toEqual({
      type: 'Error',
      message: 'outer',
      stack: expect.stringMatching(/^Error: outer\n\s+at .*log\.test\.ts/),
      cause: {
        type: 'TypeError',
        code: 'SQLITE_FULL',
        message: 'inner',
        stack: expect.stringMatching(/^TypeError: inner\n\s+at /),
      },
    });
  });

  it.each(['{"user":"alice"', 'alice', '["alice" "alice"]', '{"user": "alice", "x": nope}', `"${'alice\n'.repeat(30)}"`])(
    'do not quote the JSON %j that could not be parsed',
    (body) => {
      try {
        JSON.parse(body);
      } catch (error) {
        log.error(error);
        log.error({ err: error }, 'failed');
      }
      expect(lines()).toHaveLength(2);
      expect(written).not.toContain('alice');
      expect(written).toContain('JSON');
      expect((lines()[1]!.err as { stack: string }).stack).toMatch(/\n\s+at /);
    },
  );

  it('do not show a key of ours', () => {
    log.error(new Error('no such key: vrd_0123456789abcdefghijABCDEFGHIJ-_'));
    expect(lines()[0]).toMatchObject({ msg: 'no such key: [hidden]', err: { message: 'no such key: [hidden]' } });
    expect(written).not.toContain('vrd_');
  });

  it('that are no errors say so and show nothing', () => {
    log.error({ err: { password: 'hunter2', text: 'alice' } }, 'failed');
    expect(lines()[0]!.err).toEqual({ type: 'object', message: 'something that is no Error was thrown' });
  });
});

describe('requests', () => {
  it('of a real server are logged without body, headers and query string', async () => {
    const app = fastify({ loggerInstance: log });
    app.post('/events/:id', async (request) => {
      request.log.info({ req: request }, 'seen');
      throw Object.assign(new Error('broken'), { statusCode: 500, body: request.body });
    });
    const answer = await app.inject({
      method: 'POST',
      url: '/events/e-1?api_token=hunter2&user=alice',
      headers: { 'x-arcanna-api-key': 'hunter2', authorization: 'Bearer hunter2', cookie: 'verdict_session=hunter2' },
      payload: { raw_body: { user: 'alice' } },
    });
    await app.close();
    expect(answer.statusCode).toBe(500);
    expect(written).not.toMatch(/alice|hunter2/);
    const seen = lines().find((line) => line.msg === 'seen');
    expect(seen).toMatchObject({
      reqId: 'req-1',
      req: { method: 'POST', path: '/events/e-1', route: '/events/:id', address: '127.0.0.1' },
    });
    expect(lines().find((line) => line.level === 'error')).toMatchObject({
      err: { message: 'broken', stack: expect.stringContaining('log.test.ts') },
    });
  });
});
