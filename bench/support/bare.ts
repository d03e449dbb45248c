/** What ingest is compared with: a Fastify server that parses the body and answers as the service does, and does nothing else. */
import fastify from 'fastify';

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
  done(null, JSON.parse(body as string)),
);
app.post('/api/v1/events/', async (_request, reply) => {
  reply.status(201);
  return {
    event_id: '1201363642000000000000',
    job_id: 1201,
    ingest_timestamp: '2021-09-02T09:46:22.363642Z',
    status: 'pending_inference',
    error_message: '',
  };
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();

process.on('message', async (message) => {
  const { user, system } = process.threadCpuUsage();
  if (message === 'sample') process.send!({ stallMs: 0, cpuSeconds: (user + system) / 1e6, memoryMb: 0 });
  else {
    await app.close();
    process.disconnect();
  }
});
process.send!({ port: typeof address === 'object' && address ? address.port : 0 });
