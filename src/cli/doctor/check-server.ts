import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, localUrl } from '../../config/config.ts';
import { findControlPlace, openReadOnlyControl } from '../../control/open.ts';
import { errorCodeOf, messageOf } from '../../lib/errors.ts';
import { findEventCount } from '../../server/event-count.ts';
import { findServerUrl } from '../../server/server-url.ts';
import { findLockHolder } from '../../warehouse/engine/folder-lock.ts';
import { type Finding, failed, failedBy, ok, warning } from './finding.ts';

const STORE = 'event store';
const REQUEST_MS_MAX = 5_000;
/** A server looks at its disk every second: it may still report a problem that was just fixed. */
const SETTLE_MS = 2_000;

/** Checks the event store: through the server if one is running, otherwise by opening it. */
export async function checkServer(config: Config): Promise<Finding[]> {
  const path = join(config.dataDir, 'events');
  const url = await findServer(config, path);
  const answer = url === undefined ? undefined : await askServer(`${url}/readyz`);
  if (answer) return [ok('server', `Running at ${url}.`), ...reportReadiness(answer)];
  const noServer = ok('server', 'No server is running on this data folder.');
  if (config.clickhouseUrl !== undefined) return [noServer, await checkEventServer(config.clickhouseUrl)];
  if (!existsSync(path)) return [noServer, ok(STORE, 'Not created yet. The first start creates it.')];
  return [noServer, ...(await reportLosses(path)), ...(await openStore(path, await readEventCount(config)))];
}

/**
 * Returns the URL of the server that runs on this folder. One without a record listens where this configuration says; if
 * nothing has the event store open, a server there is that of another folder, such as the one this is a copy of.
 */
async function findServer(config: Config, path: string): Promise<string | undefined> {
  const recorded = findServerUrl(config);
  if (recorded !== undefined || config.port === 0) return recorded;
  // Only Linux lists who has it open.
  const isOpen = process.platform !== 'linux' || (await findLockHolder(path)) !== undefined;
  return isOpen ? localUrl(config) : undefined;
}

/** Losses that a start has found and that were not accepted yet. A running server reports them itself. */
async function reportLosses(path: string): Promise<Finding[]> {
  const { describeLoss, readLosses } = await import('../../warehouse/integrity/losses.ts');
  return (await readLosses(path)).map((loss) => failed('lost events', describeLoss(loss)));
}

type Readiness = { status?: unknown; warnings?: unknown };

/** Returns what a server says about itself, a moment later if it isn't ready at first. */
async function askServer(url: string): Promise<Readiness | undefined> {
  const answer = await fetchReadiness(url);
  if (answer === undefined || answer.status === 'ok') return answer;
  await sleep(SETTLE_MS);
  return (await fetchReadiness(url)) ?? answer;
}

async function fetchReadiness(url: string): Promise<Readiness | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_MS_MAX), redirect: 'manual' });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return undefined;
  }
}

function reportReadiness({ status, warnings }: Readiness): Finding[] {
  const reasons = Array.isArray(warnings) ? warnings.join(' ') : '';
  if (status !== 'ok') return [failed(STORE, `The server is not ready: ${reasons || 'it gave no reason.'}`)];
  const answers = ok(STORE, 'Ready, according to the server.');
  return reasons === '' ? [answers] : [answers, warning('server warning', reasons)];
}

/** How many events the control database says there are; 0 if it cannot be read, which another check reports. */
async function readEventCount(config: Config): Promise<number> {
  const place = findControlPlace(config);
  if (place.url === undefined && !existsSync(place.file)) return 0;
  try {
    const control = await openReadOnlyControl(place);
    return await findEventCount(control).finally(() => control.close());
  } catch {
    return 0;
  }
}

async function checkEventServer(url: string): Promise<Finding> {
  const { inspectServer } = await import('../../warehouse/open.ts');
  try {
    const pending = await inspectServer(url);
    return pending.length === 0
      ? ok(STORE, 'OK: the ClickHouse server answers queries.')
      : warning(STORE, `The ClickHouse server answers. The next start applies ${pending.join(', ')}.`);
  } catch (error) {
    if (isNoDatabase(error)) return ok(STORE, 'Not created yet. The first start creates it.');
    const { host } = new URL(url);
    const reason = error instanceof Error ? messageOf(error.cause ?? error) : String(error);
    return failed(STORE, `The ClickHouse server at ${host} (CLICKHOUSE_URL) could not be used: ${reason}.`);
  }
}

/** ClickHouse error UNKNOWN_DATABASE. */
const isNoDatabase = (error: unknown) => error instanceof Error && errorCodeOf(error.cause) === '81';

async function openStore(path: string, knownEvents: number): Promise<Finding[]> {
  // Loaded only here: the engine takes 250 MB of memory that no other check needs.
  const { inspectStore } = await import('../../warehouse/open.ts');
  try {
    const { pending, problems, repairs } = await inspectStore(path, knownEvents);
    const found = problems.map((problem) => failed(STORE, problem));
    if (pending.length > 0) {
      const next = `OK, but the next start of this release applies ${pending.join(', ')}. Make a backup first.`;
      return [warning(STORE, next), ...found];
    }
    if (found.length > 0) return found;
    if (repairs.length > 0)
      return [
        warning(
          STORE,
          `OK, but data derived from events is incomplete, as after a crash. The next start ${repairs.join(' and ')}.`,
        ),
      ];
    return [ok(STORE, 'OK: it opens, answers queries, and all files are intact.')];
  } catch (error) {
    return [failedBy(STORE, error)];
  }
}

/** Checks the proxy settings for combinations that are rarely intended. */
export function checkProxies({ publicUrl, trustedProxies, host }: Config): Finding[] {
  const check = 'TRUSTED_PROXIES';
  const isBehindProxy = publicUrl.startsWith('https:');
  if (isBehindProxy && trustedProxies.length === 0) {
    const why =
      'every caller appears to come from the proxy, so IP allow-lists and per-address limits do not work';
    return [
      warning(
        check,
        `Not set, although APPFLOW_PUBLIC_URL is https, so there is a proxy in front: ${why}. Set it to the proxy's address.`,
      ),
    ];
  }
  const everywhere = trustedProxies.some(([, bits]) => bits === 0);
  if (everywhere) {
    return [failed(check, 'It trusts every address, so callers can fake theirs. List only your proxies.')];
  }
  return [
    ok(check, trustedProxies.length > 0 ? 'Set.' : `Not needed for callers that reach ${host} directly.`),
  ];
}
