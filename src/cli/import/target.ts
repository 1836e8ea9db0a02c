import type { Config } from '../../config/config.ts';
import { errorCodeOf, messageOf } from '../../lib/errors.ts';
import { expectedServerUrl, findServerUrl } from '../../server/server-url.ts';

/** A server to send to. `close` stops it if this process started it. */
export type OpenTarget = { url: string; isOwn: boolean; close: () => Promise<void> };

const PROBE_MS_MAX = 10_000;
const nothingToClose = () => Promise.resolve();

/**
 * Returns the server at `url`, or the local one: that of this data folder, else what listens where this configuration says.
 * If none is running, starts one in this process on a free port. Throws if that is not possible.
 */
export async function openTarget(config: Config, url: string | undefined): Promise<OpenTarget> {
  const wanted = url ?? expectedServerUrl(config);
  const isUnknown = url === undefined && config.port === 0 && findServerUrl(config) === undefined;
  const failure = isUnknown ? 'ECONNREFUSED' : await findFailure(wanted);
  if (failure === undefined) return { url: wanted, isOwn: false, close: nothingToClose };
  if (url === undefined && failure === 'ECONNREFUSED') return startOwn(config);
  const fix =
    url === undefined
      ? ''
      : ' Start the server, check --url, or omit --url to import without a running server.';
  throw new Error(`Can't reach a server at ${wanted} (${failure}).${fix}`);
}

async function findFailure(url: string): Promise<string | undefined> {
  try {
    await fetch(`${url}/healthz`, { redirect: 'manual', signal: AbortSignal.timeout(PROBE_MS_MAX) });
    return undefined;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (!(cause instanceof Error)) return String(cause);
    return errorCodeOf(cause) || cause.message;
  }
}

async function startOwn(config: Config): Promise<OpenTarget> {
  // Loaded only here: the engine takes 250 MB of memory that an import into a running server does not need.
  const { startServer } = await import('../../server/start.ts');
  try {
    const server = await startServer({ ...config, host: '127.0.0.1', port: 0 });
    return { url: server.url, isOwn: true, close: server.stop };
  } catch (error) {
    const reason = messageOf(error).replace(/\.?$/, '.');
    throw new Error(
      `No server is running at ${expectedServerUrl(config)}, and none can be started here. ${reason} If a server is running elsewhere, pass its address with --url.`,
      { cause: error },
    );
  }
}
