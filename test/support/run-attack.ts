import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Target } from '../attacks/attack.ts';
import type { AttackWork } from './attack-worker.ts';

/**
 * Runs an attack of `test/attacks/` for this long in a thread of its own, so that it does not delay the event loop of the
 * test, which measures. `name` is exported by the file: the attack, or a function of `args` that returns it. Returns the
 * attack's line.
 */
export async function runAttackApart(
  [file, name, ...args]: readonly [file: string, name: string, ...args: unknown[]],
  target: Target,
  ms: number,
): Promise<string> {
  const module = join(import.meta.dirname, '../attacks', `${file}.ts`);
  const workerData: AttackWork = { module, name, args, target, ms };
  const worker = new Worker(join(import.meta.dirname, 'attack-worker.ts'), { workerData });
  const [line] = await once(worker, 'message');
  await worker.terminate();
  return String(line);
}
