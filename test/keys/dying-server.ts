import { readConfig } from '../../src/config/config.ts';
import type { ControlServices } from '../../src/server/open-services.ts';
import { startOpenServer } from '../support/open-server.ts';

// A server that kills itself with SIGKILL while it creates a key: before the commit, or between commit and response.
// `DIES` in the environment selects which.

/** Never returns: SIGKILL cannot be caught, so nothing is flushed, closed or sent after it. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

const FAULTS: Record<string, (services: ControlServices) => Partial<ControlServices>> = {
  // The audit entry is the last row written with a key.
  before_commit: ({ audit }) => ({ audit: { ...audit, append: die } }),
  // The refresh is the first step after the commit.
  before_answer: ({ directory }) => ({ directory: { ...directory, refresh: die } }),
};

const { url } = await startOpenServer(readConfig(), undefined, FAULTS[process.env.DIES ?? '']);
process.stdout.write(`Appflow is ready on ${url}\n`);
