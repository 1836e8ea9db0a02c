import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { NO_CALLER } from '../src/control/control.ts';
import { openControlServices } from '../src/server/open-services.ts';
import { fillKeys, keyIdAt } from './fill-keys.ts';
import { describeRun, quantile } from './report.ts';
import { LIMITS_OFF, startScript } from './server.ts';

// A server in a separate process. This process calls it, and revokes keys in the same SQLite file, so that calls and
// revocations share one clock and the next request leaves right after the commit.

const ROUNDS = Number(process.argv[2] ?? 200);
const CONNECTIONS = 4;
const WARM_MS = 10;
/** How long requests continue after the revocation, so that every one that still succeeds is counted. */
const AFTER_MS = 20;

const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const env = { APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
const services = await openControlServices(readConfig(env));
const secrets = fillKeys(join(dataDir, 'control.db'), services.pepper, ROUNDS, ROUNDS);
const server = await startScript('../src/main.ts', { ...LIMITS_OFF, ...env });
const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** Returns the status of one request with the key. */
function callWith(secret: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}` };
    const request = http.get(`${server.url}/v1/api-keys/self`, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function revoke(keyId: string): Promise<number> {
  await services.control.write(NO_CALLER, async ({ tx, revision }) => {
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: Date.now(), revoked_by: 'cli', revoked_reason: 'leaked', revision })
      .where('id', '=', keyId)
      .execute();
  });
  return performance.now();
}

/** Returns milliseconds from the commit to the start of the last successful request; negative if none started after it. */
async function measure(secret: string, keyId: string): Promise<number> {
  let lastPassedAt = Number.NEGATIVE_INFINITY;
  let isRunning = true;
  const call = async () => {
    while (isRunning) {
      const sentAt = performance.now();
      if ((await callWith(secret)) === 200) lastPassedAt = Math.max(lastPassedAt, sentAt);
    }
  };
  const callers = Array.from({ length: CONNECTIONS }, call);
  await pause(WARM_MS);
  const doneAt = await revoke(keyId);
  await pause(AFTER_MS);
  isRunning = false;
  await Promise.all(callers);
  if ((await callWith(secret)) !== 401)
    throw new Error(`${keyId} still works ${AFTER_MS} ms after it was revoked.`);
  return lastPassedAt - doneAt;
}

console.log(
  describeRun(
    'Revocation across processes',
    `${ROUNDS} keys, one SQLite file, ${CONNECTIONS} connections to one process while another revokes`,
  ),
);
const delays: number[] = [];
for (const [index, secret] of secrets.entries()) delays.push(await measure(secret, keyIdAt(index)));
const figure = (p: number) => `${quantile(delays, p).toFixed(2)} ms`;
const after = delays.filter((ms) => ms > 0).length;
console.log(
  `start of the last request that passed, after the commit (below 0: before it): p50 ${figure(0.5)}, p99 ${figure(0.99)}, worst ${figure(1)}; ${after} of ${ROUNDS} keys passed once more`,
);
agent.destroy();
await server.stop();
await services.close();
rmSync(dataDir, { recursive: true, force: true });
