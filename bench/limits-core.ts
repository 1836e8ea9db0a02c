import { createLimiter } from '../src/limits/limiter.ts';
import { describeRun } from './report.ts';

/** Prints what one decision costs and what a million buckets weigh. Run: node --expose-gc bench/limits-core.ts */

const KEYS = 1_000_000;
const WARM_KEYS = 1000;
let nowUs = 0;

console.log(describeRun('Limiter in memory', 'one process, injected time'));

function measureMemoryMb(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

function printRow(name: string, value: number, unit: string): void {
  console.log(`${name.padEnd(48)}${value.toFixed(1).padStart(9)} ${unit}`);
}

function timeDecisions(name: string, decideOnce: (index: number) => void): void {
  const calls = 1_000_000;
  for (let index = 0; index < 100_000; index += 1) decideOnce(index);
  const startMs = performance.now();
  for (let index = 0; index < calls; index += 1) decideOnce(index);
  printRow(name, ((performance.now() - startMs) * 1e6) / calls, 'ns');
}

/** Charges each key once. The longest call is what a single request may be held up by. */
function chargeAll(keyIds: readonly string[]): { longestMs: number } {
  let longestMs = 0;
  for (const keyId of keyIds) {
    const startMs = performance.now();
    limiter.charge({ keyId, keyType: 'server', category: 'analytics' });
    longestMs = Math.max(longestMs, performance.now() - startMs);
  }
  return { longestMs };
}

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}01K5Z8QJ3V7T2M${String(index).padStart(12, '0')}`);

const warmIds = ids(WARM_KEYS, 'key_');
const pick = (index: number) => warmIds[index % WARM_KEYS] ?? '';

const realClock = createLimiter();
timeDecisions('peek, one limit', (index) => {
  realClock.peek({ keyId: pick(index), keyType: 'server', category: 'analytics' });
});
timeDecisions('charge, one limit', (index) => {
  realClock.charge({ keyId: pick(index), keyType: 'server', category: 'analytics' });
});
timeDecisions('charge, two limits, 50 events', (index) => {
  realClock.charge({ keyId: pick(index), keyType: 'client', category: 'events', events: 50 });
});

const limiter = createLimiter({ nowUs: () => nowUs });
const manyIds = ids(KEYS, 'many_');
const beforeMb = measureMemoryMb();
const startMs = performance.now();
const { longestMs } = chargeAll(manyIds);
printRow('charge, a new key each time', ((performance.now() - startMs) * 1e6) / KEYS, 'ns');
printRow('longest of those calls', longestMs, 'ms');
printRow(`${limiter.countBuckets()} buckets, ids not counted`, measureMemoryMb() - beforeMb, 'MB');
nowUs += 3_600_000_000;
let reclaimCalls = 0;
while (limiter.countBuckets() > 1 && reclaimCalls < KEYS) {
  for (let call = 0; call < 1000; call += 1) {
    limiter.charge({ keyId: 'key_alive', keyType: 'server', category: 'analytics' });
  }
  reclaimCalls += 1000;
}
printRow('calls until all were reclaimed', reclaimCalls, '');
printRow(`memory left, beside ${manyIds.length} ids`, measureMemoryMb() - beforeMb, 'MB');
