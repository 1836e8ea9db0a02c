import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import Database from 'better-sqlite3';
import Fastify from 'fastify';

// A peer for bench/http.ts: better-auth's API-key plugin in the same Fastify, on SQLite, without its rate limit.
const dir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const database = new Database(join(dir, 'auth.db'));
database.pragma('journal_mode = WAL');
const options = {
  database,
  secret: 'a secret for the bench, of no use elsewhere',
  baseURL: 'http://127.0.0.1',
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const { user } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'a password of the bench', name: 'Bench' },
});
const { key } = await auth.api.createApiKey({ body: { userId: user.id, name: 'bench' } });
const body = { id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD', filler: 'x'.repeat(650) };
const app = Fastify({ logger: false });
app.get('/v1/api-keys/self', async (request, reply) => {
  const sent = (request.headers.authorization ?? '').slice('Bearer '.length);
  const { valid } = await auth.api.verifyApiKey({ body: { key: sent } });
  if (!valid) return reply.code(401).send({ code: 'invalid_api_key' });
  return reply.header('content-type', 'application/json').send(JSON.stringify(body));
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${key}\n${url}\n`);
process.once('SIGTERM', () => {
  void app.close().then(() => {
    database.close();
    rmSync(dir, { recursive: true, force: true });
    process.exit(0);
  });
});
