import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

let service: TestService;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A client that sends some bytes and then nothing more; resolves when it is connected. */
function half(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.running.url).port), '127.0.0.1', () =>
      socket.write(bytes, () => resolve(socket)),
    );
    socket.on('error', reject);
    sockets.push(socket);
  });
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
    socket.resume();
  });

const received = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString('utf8');
  });
  await closed(socket);
  return text;
};

describe('a stop', () => {
  it('waits for no client that sends half a request or nothing; finishes what came whole; refuses what comes later', async () => {
    service = await startTestService();
    const { value, integrationId } = await service.inputKey();
    const { id } = await service.job(integrationId);
    const lingering = [
      await half(''),
      await half('POST /api/v1/ev'),
      await half('POST /api/v2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{}'),
    ];
    const late = await half('GET /api/v1/health/ HTTP/1.1\r\n');
    const events = Array.from({ length: 2_000 }, (_, index) => ({ event_id: `e${index}`, raw_body: { index } }));
    const whole = service.call<{ results: unknown[] }>('POST', `/api/v1/bulk/${id}`, { events }, value);
    while ((await service.call('GET', `/api/v1/events/${id}/e0`, undefined, value)).status !== 200);

    const stopped = service.stop();
    while (service.running.http.app.server.listening) await new Promise((resolve) => setTimeout(resolve, 5));
    late.write('Host: localhost\r\n\r\n');
    const refused = await received(late);
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused.toLowerCase()).toContain('\r\nretry-after: 5\r\n');
    expect(JSON.parse(refused.split('\r\n\r\n')[1]!)).toMatchObject({
      status: 'ERROR',
      detail: expect.stringContaining('stopping'),
    });
    await stopped;
    expect((await whole).status).toBe(201);
    expect((await whole).body.results).toHaveLength(2_000);
    await Promise.all(lingering.map(closed));
  });
});
