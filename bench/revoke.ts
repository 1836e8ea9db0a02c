import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config.ts';
import { openControlServices } from '../src/open-services.ts';
import { fillKeys, keyIdAt } from './fill-keys.ts';
import { describeRun, quantile } from './report.ts';
import type { HammerReport } from './revoke-hammer.ts';

const ROUNDS = Number(process.argv[2] ?? 200);
const PAUSE_MS = 5;

const wallMs = () => performance.timeOrigin + performance.now();
const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const env = { APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
const services = await openControlServices(readConfig(env));
const secrets = fillKeys(join(dataDir, 'control.db'), services.pepper, ROUNDS, ROUNDS);
await services.directory.refresh();
const hammer = fork(join(import.meta.dirname, 'revoke-hammer.ts'), {
  env: { ...process.env, ...env },
});

async function nextReport(state: HammerReport['state']): Promise<HammerReport> {
  for (;;) {
    const [report] = (await once(hammer, 'message')) as [HammerReport];
    if (report.state === state) return report;
  }
}

/** Milliseconds from the commit of the revocation here to the last time the key passed over there; 0 when before. */
async function measure(secret: string, keyId: string): Promise<number> {
  const hammering = nextReport('hammering');
  hammer.send(secret);
  await hammering;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const refused = nextReport('refused');
  await services.control.write(async (tx, revision) => {
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: Date.now(), revoked_by: 'cli', revoked_reason: 'leaked', revision })
      .where('id', '=', keyId)
      .execute();
  });
  const committedAt = wallMs();
  const report = await refused;
  return report.state === 'refused' ? Math.max(0, report.lastPassedAt - committedAt) : Number.NaN;
}

console.log(
  describeRun(
    'Revocation across processes',
    `${ROUNDS} keys, one SQLite file, one process shows, one revokes`,
  ),
);
const delays: number[] = [];
for (const [index, secret] of secrets.entries()) {
  delays.push(await measure(secret, keyIdAt(index)));
}
const figure = (p: number) => `${quantile(delays, p).toFixed(2)} ms`;
console.log(`last success after the commit: p50 ${figure(0.5)}, p99 ${figure(0.99)}, worst ${figure(1)}`);
hammer.kill();
await services.close();
rmSync(dataDir, { recursive: true, force: true });
