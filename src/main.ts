import { ConfigError, readConfig } from './config/config.ts';
import { messageOf } from './lib/errors.ts';
import { type RunningServer, startServer } from './server/start.ts';

// By default the signal opens a debugger, through which any process of this machine that reaches it can run code here.
process.on('SIGUSR1', () => undefined);

/** After the start, which does not wait for it. */
const LOAD_LATER_MS = 1_000;

/** Process managers kill a server after 10 s, so report a failed stop before that. */
const STOP_MS_MAX = 9_500;

try {
  const server = await startServer(readConfig());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stopWithin(server, STOP_MS_MAX));
  }
  // Last: a script that waits for this line may stop the server right away, and that must be a clean stop.
  process.stdout.write(`Appflow is ready on ${server.url}\n`);
  if (server.setupUrl !== undefined) {
    process.stdout.write(`Make the first account of the dashboard: ${server.setupUrl}\n`);
  }
  if (server.isNew) {
    process.stdout.write(
      'There is no project yet. Make one: npm run --silent appflow -- init --project "My App"\n',
    );
  }
  // Not at the first sign-in: `npm ci` beside a running server replaces the files, and modules that are missing at that
  // moment stay missing.
  setTimeout(() => void server.loadAccounts(), LOAD_LATER_MS).unref();
} catch (error) {
  const isMistake = error instanceof ConfigError;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(isMistake ? 2 : 1);
}

/** Stops the server and exits: with 0, or with 1 and a message if something could not be closed. */
async function stopWithin(server: RunningServer, waitMs: number): Promise<void> {
  const watchdog = setTimeout(() => {
    process.stderr.write(`Appflow did not stop within ${waitMs} ms and was ended.\n`);
    // Not exit(): it waits for the engine's threads, one of which is blocking the stop.
    process.kill(process.pid, 'SIGKILL');
  }, waitMs);
  try {
    await server.stop();
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`Appflow did not stop cleanly: ${String(error)}\n`);
    process.exitCode = 1;
  } finally {
    clearTimeout(watchdog);
    process.exit();
  }
}
