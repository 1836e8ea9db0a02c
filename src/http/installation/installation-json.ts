import { type Static, Type } from 'typebox';
import { closedObject, nullable } from '../../lib/schema.ts';
import type { DiskForecast } from './forecast.ts';

const COUNT = Type.Integer({ minimum: 0 });

/** The host and port of a server; null if there is none. Never its user or password. */
const HOST = nullable(Type.String());

const FORECAST = closedObject({
  status: Type.Enum(['not_enough_data', 'steady', 'filling', 'full', 'on_server', 'unavailable'], {
    description: '`on_server`: the events are on another machine. `unavailable`: a store does not answer.',
  }),
  bytes_per_day: nullable(COUNT, { description: 'Only if it is `filling`.' }),
  full_in_days: nullable(COUNT, { description: 'Whole days, rounded down. Only if it is `filling`.' }),
});

/** What an installation consists of, for its owner. */
export const INSTALLATION_JSON = closedObject({
  version: Type.String(),
  started_at: Type.String({ format: 'date-time' }),
  node_url: nullable(Type.String(), { description: 'The address of this node, if there are several.' }),
  counts: closedObject({ accounts: COUNT, projects: COUNT, apps: COUNT, api_keys: COUNT }),
  control: closedObject({ engine: Type.Enum(['sqlite', 'postgresql']), host: HOST, bytes: COUNT }),
  events: closedObject({
    engine: Type.Enum(['embedded', 'clickhouse']),
    host: HOST,
    count: nullable(COUNT, { description: 'null if the event store does not answer, as are its bytes.' }),
    bytes: nullable(COUNT),
  }),
  limits: closedObject({ engine: Type.Enum(['memory', 'redis']), host: HOST }),
  disk: closedObject({
    free_bytes: COUNT,
    total_bytes: COUNT,
    forecast: FORECAST,
  }),
});

/** The JSON of an installation. */
export type InstallationJson = Static<typeof INSTALLATION_JSON>;

/** Returns the host and port in a URL, without its credentials; null if there is no URL. */
export const toHost = (url: string | undefined): string | null =>
  url === undefined ? null : new URL(url).host;

/** Returns a forecast as JSON. */
export function toForecastJson(
  forecast: DiskForecast | { status: 'on_server' | 'unavailable' },
): InstallationJson['disk']['forecast'] {
  const isFilling = forecast.status === 'filling';
  return {
    status: forecast.status,
    bytes_per_day: isFilling ? forecast.bytesPerDay : null,
    full_in_days: isFilling ? forecast.fullInDays : null,
  };
}
