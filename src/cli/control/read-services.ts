import { type Config, readCommandConfig } from '../../config/config.ts';
import type { Directory } from '../../directory/directory.ts';
import { openDirectory } from '../../directory/directory.ts';
import { loadUsage, type Usage } from '../../keys/usage/usage.ts';
import type { Clock } from '../../lib/clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { printResult } from '../terminal/print.ts';
import { readControl } from './read-control.ts';

type ReadServices = { config: Config; directory: Directory; clock: Clock; usage: Pick<Usage, 'find'> };

/**
 * Runs a command that only reads the control database. It changes nothing, needs no secret, and does not wait for other
 * processes that write. Throws as `readControl` does.
 */
export async function readServices(run: (services: ReadServices) => string): Promise<void> {
  const text = await readControl(async (control) => {
    const clock = systemClock();
    const directory = await openDirectory(control);
    directory.close();
    return run({ config: readCommandConfig(), directory, usage: await loadUsage(control, clock), clock });
  });
  printResult(text);
}
