import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteControl } from '../src/control/open-sqlite.ts';
import { openDirectory } from '../src/directory/directory.ts';
import { createSecret, derivePepper, macOf } from '../src/directory/secret.ts';
import { findUsageRefusal } from '../src/keys/verify/usage-restrictions.ts';
import { verify } from '../src/keys/verify/verify.ts';
import { systemClock } from '../src/lib/clock.ts';
import { fillKeys } from './fill-keys.ts';
import { describeRun, quantile } from './report.ts';

const KEYS = Number(process.argv[2] ?? 10_000);
const CALLS = 200_000;
const SAMPLE = 20_000;

/** Times single calls. Reading the clock adds some tens of nanoseconds to each. */
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

const memoryMb = () => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: Math.round((heapUsed + external) / 1e6), rss: Math.round(rss / 1e6) };
};

const dir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const pepper = derivePepper('a secret for the bench, of no use elsewhere');
const file = join(dir, 'control.db');
const control = await openSqliteControl(file, systemClock());
const filledFrom = performance.now();
const secrets = fillKeys(file, pepper, KEYS, SAMPLE);
const fillSeconds = (performance.now() - filledFrom) / 1_000;
const before = memoryMb();
const loadedFrom = performance.now();
const directory = await openDirectory(control);
const loadSeconds = (performance.now() - loadedFrom) / 1_000;
const loaded = memoryMb();
const unknown = secrets.map(() => createSecret('server'));
const mistyped = secrets.map(
  (secret) => `${secret.slice(0, 20)}${secret[20] === 'x' ? 'y' : 'x'}${secret.slice(21)}`,
);
const now = Date.now();
console.log(
  describeRun('verify a key in process', `${KEYS} keys, ${CALLS} calls over ${secrets.length} of them`),
);
console.log(
  `stored in ${fillSeconds.toFixed(1)} s, loaded in ${loadSeconds.toFixed(2)} s; heap ${loaded.heap - before.heap} MB more, RSS ${loaded.rss} MB`,
);
for (const [name, list] of [
  ['valid', secrets],
  ['unknown', unknown],
  ['wrong checksum', mistyped],
] as const) {
  const { p50, p99 } = timeCalls((index) => verify(list[index % list.length] ?? '', directory, pepper, now));
  console.log(`${name}: p50 ${p50.toFixed(2)} µs, p99 ${p99.toFixed(2)} µs`);
}
// The longest list a key may have. It is checked before every rate limit, so it must cost next to nothing.
const found = directory.findByMac(macOf(secrets[0] ?? '', pepper));
if (!found) throw new Error('The first key is not there.');
const ipAllowlist = Array.from({ length: 100 }, (_, index) => `10.${index}.0.0/16`);
const locked = { ...found.key, ipAllowlist };
const place = { address: '203.0.113.1', origin: undefined, cors: 'none' } as const;
const refused = timeCalls(() => findUsageRefusal(locked, place));
console.log(`refused by 100 addresses: p50 ${refused.p50.toFixed(2)} µs, p99 ${refused.p99.toFixed(2)} µs`);
directory.close();
await control.close();
rmSync(dir, { recursive: true, force: true });
