import { commandHint } from './config/command-hint.ts';
import { type Config, ConfigError, listVariableWarnings, readConfig } from './config/config.ts';
import { messageOf } from './lib/errors.ts';
import { killSelf } from './lib/kill-self.ts';
import { type Log, openLog } from './lib/log.ts';
import { recordServerUrl } from './server/server-url.ts';
import { type RunningServer, startServer } from './server/start.ts';

// By default the signal opens a debugger, through which any process of this machine that reaches it can run code here.
process.on('SIGUSR1', () => undefined);

// A reader such as head may close the output; a message that can't be written must not stop the server.
process.stdout.on('error', () => undefined);

/** After the start, which does not wait for it. */
const LOAD_LATER_MS = 1_000;

/** Process managers kill a server after 10 s, so report a failed stop before that. */
const STOP_MS_MAX = 9_500;

try {
  const config = readConfig();
  const log = openLog(config.logLevel);
  for (const warning of listVariableWarnings()) log.warn(warning);
  const server = await startServer(config);
  const removeUrl = recordUrl(config, server.url, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stopWithin(server, removeUrl, STOP_MS_MAX));
  }
  // Last: a script that waits for this line may stop the server right away, and that must be a clean stop.
  process.stdout.write(`Appflow is ready on ${server.url}\n`);
  if (server.setupUrl !== undefined) {
    process.stdout.write(`Create the first dashboard account: ${server.setupUrl}\n`);
  }
  if (server.isNew) process.stdout.write(`${renderFirstSteps(config)}\n`);
  // Not at the first sign-in: `npm ci` beside a running server replaces the files, and modules that are missing at that
  // moment stay missing.
  setTimeout(() => void server.loadAccounts(), LOAD_LATER_MS).unref();
} catch (error) {
  const isMistake = error instanceof ConfigError;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(isMistake ? 2 : 1);
}

/** Records the URL for commands. On a full disk they only find a server on the default port or `PORT`. */
function recordUrl(config: Config, url: string, log: Log): () => void {
  try {
    return recordServerUrl(config, url);
  } catch (error) {
    log.warn(`commands may not find this server: ${messageOf(error)}`);
    return () => undefined;
  }
}

function renderFirstSteps(config: Config): string {
  const command = commandHint(config, 'init --project "My App"');
  const where = config.secret === undefined ? 'in another terminal' : 'with the same APPFLOW_SECRET';
  return `There is no project yet. Create one ${where}: ${command}`;
}

/** Stops the server and exits: with 0, or with 1 and a message if something could not be closed. */
async function stopWithin(server: RunningServer, removeUrl: () => void, waitMs: number): Promise<void> {
  const watchdog = setTimeout(() => {
    process.stderr.write(`Appflow did not stop within ${waitMs} ms and was killed.\n`);
    // Not exit(): it waits for the engine's threads, one of which is blocking the stop.
    killSelf();
  }, waitMs);
  process.stdout.write('Stopping Appflow…\n');
  try {
    removeUrl();
    await server.stop();
    process.stdout.write('Appflow has stopped.\n');
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`Appflow did not stop cleanly: ${String(error)}\n`);
    process.exitCode = 1;
  } finally {
    clearTimeout(watchdog);
    process.exit();
  }
}
