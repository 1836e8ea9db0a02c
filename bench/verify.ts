import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openControl } from '../src/control/open.ts';
import { openDirectory } from '../src/keys/directory.ts';
import { createSecret, derivePepper, hintOf, macOf, type Pepper } from '../src/keys/secret.ts';
import { verify } from '../src/keys/verify.ts';
import { systemClock } from '../src/lib/clock.ts';
import { describeRun, quantile } from './report.ts';

const KEYS = 10_000;
const CALLS = 200_000;

async function fillDirectory(file: string, pepper: Pepper, secrets: readonly string[]) {
  const clock = systemClock();
  const control = await openControl(file, clock);
  await control.write(async (tx, revision) => {
    const now = clock.now();
    const project = {
      id: 'proj_bench',
      name: 'Bench',
      leaked_key_policy: 'revoke',
      created_at: now,
      updated_at: now,
    };
    await tx
      .insertInto('projects')
      .values({
        ...project,
        max_key_lifetime_days: null,
        count_unverified_revenue: 1,
        rate_limits: null,
        revision,
      })
      .execute();
    for (const [index, secret] of secrets.entries()) {
      const id = `key_${index}`;
      const lists = { ip_allowlist: '[]', allowed_origins: '[]', bundle_ids: '[]', metadata: '{}' };
      const revoked = { revoked_at: null, revoked_by: null, revoked_reason: null };
      const key = {
        id,
        project_id: 'proj_bench',
        type: 'server',
        name: id,
        scopes: null,
        app_ids: null,
        expires_at: null,
      };
      await tx
        .insertInto('api_keys')
        .values({ ...key, ...lists, ...revoked, disabled: 0, created_at: now, created_by: 'cli', revision })
        .execute();
      const mac = Buffer.from(macOf(secret, pepper), 'latin1').toString('base64url');
      const row = { key_id: id, version: 1, mac, pepper_id: pepper.id, hint: hintOf(secret) };
      await tx
        .insertInto('key_secrets')
        .values({ ...row, created_at: now, expires_at: null })
        .execute();
    }
  });
  return { control, directory: await openDirectory(control) };
}

/** Times single calls; the clock itself costs some tens of nanoseconds of each. */
function timeCalls(call: (index: number) => void): { p50: number; p99: number } {
  const times: number[] = [];
  for (let index = 0; index < CALLS; index += 1) {
    const start = process.hrtime.bigint();
    call(index);
    times.push(Number(process.hrtime.bigint() - start) / 1_000);
  }
  const counted = times.slice(CALLS / 10);
  return { p50: quantile(counted, 0.5), p99: quantile(counted, 0.99) };
}

const dir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const pepper = derivePepper('a secret for the bench, of no use elsewhere');
const secrets = Array.from({ length: KEYS }, () => createSecret('server'));
const { control, directory } = await fillDirectory(join(dir, 'control.db'), pepper, secrets);
const unknown = Array.from({ length: KEYS }, () => createSecret('server'));
const mistyped = secrets.map(
  (secret) => `${secret.slice(0, 20)}${secret[20] === 'x' ? 'y' : 'x'}${secret.slice(21)}`,
);
const now = Date.now();
console.log(describeRun('verify a key in process', `${KEYS} keys, ${CALLS} calls`));
for (const [name, list] of [
  ['valid', secrets],
  ['unknown', unknown],
  ['wrong checksum', mistyped],
] as const) {
  const { p50, p99 } = timeCalls((index) => verify(list[index % KEYS] ?? '', directory, pepper, now));
  console.log(`${name}: p50 ${p50.toFixed(2)} µs, p99 ${p99.toFixed(2)} µs`);
}
directory.close();
await control.close();
rmSync(dir, { recursive: true, force: true });
