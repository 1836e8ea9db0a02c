import { readConfig } from '../../src/config/config.ts';
import { startClusterTasks } from '../../src/server/cluster-tasks.ts';
import { openControlServices } from '../../src/server/open-services.ts';

// The background tasks of a node, in a process of their own. Logs to standard error; stops at SIGTERM.

const services = await openControlServices(readConfig());
const stop = startClusterTasks(services);
// The tasks do not keep a process alive.
const alive = setInterval(() => {}, 60_000);
process.once('SIGTERM', () => {
  clearInterval(alive);
  void stop().then(services.close);
});
