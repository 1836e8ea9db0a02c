import { join } from 'node:path';
import { Worker, workerData } from 'node:worker_threads';
import type { Attack, Target } from '../attacks/attack.ts';

type Work = { file: string; name: string; target: Target; ms: number };

/**
 * Runs an attack of `test/attacks/FILE` for so long in a thread of its own, so that a test can measure the server
 * meanwhile. Resolves with what the attack says it did.
 */
export function runAttack(file: string, { name }: Attack, target: Target, ms: number): Promise<string> {
  const work: Work = { file, name, target, ms };
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: work });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function work({ file, name, target, ms }: Work): Promise<string> {
  const exported: Record<string, Attack> = await import(join(import.meta.dirname, '../attacks', file));
  const attack = Object.values(exported).find((one) => one.name === name);
  if (!attack) throw new Error(`${file} has no attack "${name}".`);
  return attack.run(target, AbortSignal.timeout(ms));
}

if (workerData !== null && typeof workerData === 'object' && 'file' in workerData) {
  const { parentPort } = await import('node:worker_threads');
  parentPort?.postMessage(await work(workerData));
}
