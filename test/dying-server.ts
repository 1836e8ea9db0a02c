import { readConfig } from '../src/config.ts';
import type { ControlServices } from '../src/open-services.ts';
import { startOpenServer } from './open-server.ts';

// A server that is killed in the middle of making a key, as by `kill -9`: before the commit, or between it and the
// answer. Which one, its environment says.

/** Never returns: the signal cannot be caught, and nothing is flushed, closed or answered after it. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

const FAULTS: Record<string, (services: ControlServices) => Partial<ControlServices>> = {
  // The entry in the audit log is the last thing stored with a key.
  before_commit: ({ audit }) => ({ audit: { ...audit, append: die } }),
  // The first thing done once it is stored.
  before_answer: ({ directory }) => ({ directory: { ...directory, refresh: die } }),
};

const { url } = await startOpenServer(readConfig(), undefined, FAULTS[process.env.DIES ?? '']);
process.stdout.write(`Appflow is ready on ${url}\n`);
