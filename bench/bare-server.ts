import Fastify from 'fastify';

// A baseline for bench/http.ts: the same Fastify answers as many bytes, without a key, limit or schema.
const body = { id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD', filler: 'x'.repeat(650) };
const app = Fastify({ logger: false });
app.get('/v1/api-keys/self', (_request, reply) => {
  reply.header('content-type', 'application/json').send(JSON.stringify(body));
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${url}\n`);
process.once('SIGTERM', () => {
  void app.close().then(() => process.exit(0));
});
