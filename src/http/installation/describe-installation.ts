import type { Config } from '../../config/config.ts';
import { VERSION } from '../../config/version.ts';
import type { Control } from '../../control/control.ts';
import type { Directory } from '../../directory/directory.ts';
import { type DiskSpace, readSpace } from '../../disk/space.ts';
import type { Clock } from '../../lib/clock.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import { StorageError } from '../../lib/errors.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { countAccepted } from './count-accepted.ts';
import { countContents } from './count-contents.ts';
import { forecastDisk, RATE_MS } from './forecast.ts';
import { type InstallationJson, toForecastJson, toHost } from './installation-json.ts';
import { measureControl, measureEvents, type StoredEvents } from './measure-storage.ts';

/** The services that describe an installation. */
export type InstallationServices = {
  config: Config;
  control: Control;
  directory: Directory;
  warehouse: Pick<Warehouse, 'query'>;
  disk: Pick<DiskSpace, 'isLow'>;
  /** When this process started, epoch milliseconds. */
  startedAt: number;
  clock: Clock;
};

/** Returns what an installation consists of and how its disk fills up. Rejects with StorageError if the control database does not answer. */
export async function describeInstallation(services: InstallationServices): Promise<InstallationJson> {
  const { config, control, startedAt, clock } = services;
  const { accounts, projects, apps, apiKeys } = await countContents(services, clock.now());
  const stored = await findStoredEvents(services);
  const { freeBytes, totalBytes } = await readSpace(config.dataDir);
  return {
    version: VERSION,
    started_at: new Date(startedAt).toISOString(),
    node_url: config.nodeUrl ?? null,
    counts: { accounts, projects, apps, api_keys: apiKeys },
    control: {
      engine: config.databaseUrl === undefined ? 'sqlite' : 'postgresql',
      host: toHost(config.databaseUrl),
      bytes: await measureControl(control),
    },
    events: {
      engine: config.clickhouseUrl === undefined ? 'embedded' : 'clickhouse',
      host: toHost(config.clickhouseUrl),
      count: stored?.count ?? null,
      bytes: stored?.bytes ?? null,
    },
    limits: {
      engine: config.redisUrl === undefined ? 'memory' : 'redis',
      host: toHost(config.redisUrl),
    },
    disk: {
      free_bytes: freeBytes,
      total_bytes: totalBytes,
      forecast: await forecast(services, stored, freeBytes),
    },
  };
}

/** The page is most useful when something does not work: everything else is shown without the event store. */
async function findStoredEvents({ warehouse }: InstallationServices): Promise<StoredEvents | undefined> {
  try {
    return await measureEvents(warehouse);
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

async function forecast(
  { config, control, clock, disk }: InstallationServices,
  stored: StoredEvents | undefined,
  freeBytes: number,
): Promise<InstallationJson['disk']['forecast']> {
  if (config.clickhouseUrl !== undefined) return toForecastJson({ status: 'on_server' });
  // Events are refused until more is free again than when that began.
  if (disk.isLow()) return toForecastJson({ status: 'full' });
  if (stored === undefined) return toForecastJson({ status: 'unavailable' });
  const now = clock.now();
  const from = now - RATE_MS;
  const accepted = await countAccepted(control, { from: from - (from % HOUR_MS), to: now });
  const { firstAtMs } = accepted;
  return toForecastJson(
    forecastDisk({
      freeBytes,
      storedBytes: stored.bytes,
      storedEvents: stored.count,
      newEvents: accepted.events,
      sinceFirstMs: firstAtMs === undefined ? undefined : now - firstAtMs,
    }),
  );
}
