import { parentPort, workerData } from 'node:worker_threads';
import type { Attack, Target } from '../attacks/attack.ts';

/** What `runAttackApart` passes in. */
export type AttackWork = { module: string; name: string; args: unknown[]; target: Target; ms: number };

const { module, name, args, target, ms } = workerData as AttackWork;
const exported: Record<string, unknown> = await import(module);
const found = exported[name];
const attack = (typeof found === 'function' ? found(...args) : found) as Attack;
const stop = new AbortController();
// Keeps the thread alive, unlike AbortSignal.timeout.
setTimeout(() => stop.abort(), ms);
parentPort?.postMessage(await attack.run(target, stop.signal));
