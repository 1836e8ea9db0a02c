import type { PolicyRate } from '../limits/gcra/limit.ts';
import type { InFlightLimit } from '../limits/in-flight.ts';
import {
  ADDRESS_RATES,
  DEFAULT_RATES,
  FAILED_AUTH_RATE,
  IN_FLIGHT_DEFAULT,
  LEAK_HOOK_RATE,
  SIGN_IN_RATE,
} from '../limits/policies.ts';

/** One environment variable, as docs/configuration.md lists it. */
export type Setting = {
  name: string;
  /** The value that applies when the variable is unset or empty; empty when there is none. */
  default: string;
  /** What the documentation says instead of `default`. */
  whenUnset?: string;
  help: string;
};

const MINUTE_SECONDS = 60;

/** Writes a rate as its variable takes it, `rate/burst` per second, with the rate per minute if that is its unit. */
function describeRate({ rate, burst, perSeconds = 1 }: PolicyRate): string {
  const text = `${Number((rate / perSeconds).toFixed(4))}/${burst}`;
  return perSeconds === MINUTE_SECONDS ? `${text} (${rate} per minute)` : text;
}

const describeInFlight = ({ running, waiting }: InFlightLimit) => `${running}/${waiting}`;

/** Every environment variable Appflow reads, in the order of the documentation. All are optional. */
export const SETTINGS = [
  { name: 'PORT', default: '8080', help: 'TCP port to listen on; `0` uses any free port.' },
  {
    name: 'HOST',
    default: '127.0.0.1',
    help: 'Address to listen on. Keep the default behind a TLS proxy on the same machine.',
  },
  {
    name: 'APPFLOW_DATA_DIR',
    default: './data',
    help: 'Folder for all data: control database, event store and secret. Only one server can use it at a time. `npm run demo` uses `./data-demo` if this is unset.',
  },
  {
    name: 'APPFLOW_SECRET',
    default: '',
    whenUnset: 'generated at the first start, in `secrets/appflow-secret` (mode 0600) in the data folder',
    help: 'At least 32 characters. All stored keys depend on it: if it is lost, all keys stop working.',
  },
  { name: 'APPFLOW_SECRET_FILE', default: '', help: 'File to read APPFLOW_SECRET from instead.' },
  {
    name: 'APPFLOW_SECRET_RETIRED',
    default: '',
    help: 'Comma-separated old secrets, while you [replace the secret](guides/operating.md#replace-appflow_secret): keys stored under them keep working and move to the new secret when they are next used.',
  },
  {
    name: 'APPFLOW_QUERY_MEMORY',
    default: '',
    whenUnset: 'a quarter of the memory of the machine or container, from 500 MB to 8 GB',
    help: 'Memory for all queries together, such as `2GB` or `800MB`. Up to four queries run at a time, each with a quarter of it. A query that needs more spills to disk if possible, or is refused with `query_too_large`.',
  },
  {
    name: 'APPFLOW_KEY_MAX_STALE_SECONDS',
    default: '60',
    help: 'How long keys are verified from memory while the control database cannot be read (0 to 3600). After that, every request with a key gets 503.',
  },
  {
    name: 'APPFLOW_GITHUB_SCANNING_KEYS_FILE',
    default: '',
    whenUnset: 'fetched from api.github.com when a report arrives',
    help: "File with GitHub's public keys for secret scanning, as returned by https://api.github.com/meta/public_keys/secret_scanning, for servers that cannot reach it.",
  },
  {
    name: 'APPFLOW_PUBLIC_URL',
    default: '',
    help: 'URL at which people reach this server, such as `https://appflow.example.com`. Used in links.',
  },
  {
    name: 'APPFLOW_ALLOW_HTTP',
    default: '',
    help: '`1` lets people sign in over plain HTTP from other machines; passwords are then sent unencrypted. Prefer a TLS proxy and APPFLOW_PUBLIC_URL.',
  },
  {
    name: 'APPFLOW_CLOCK_FLOOR',
    default: 'on',
    help: "`on`: Appflow's clock never starts before the last audit entry or, with SQLite, the last change of the control database, so that setting the system clock back doesn't make expired keys valid again. `off`: for a single start, after correcting a system clock that was ahead.",
  },
  {
    name: 'TRUSTED_PROXIES',
    default: '',
    help: 'Comma-separated IP addresses or CIDR ranges of proxies whose X-Forwarded-For is trusted. Required behind a proxy: until it is set, IP allow-lists see the proxy, and all its callers share the per-address limits (50 times as large).',
  },
  {
    name: 'APPFLOW_COUNTRY_HEADER',
    default: '',
    help: 'The header in which your CDN names the country of a client, e.g. CF-IPCountry or CloudFront-Viewer-Country. It is the `country` of events that client keys send without one, and only read from TRUSTED_PROXIES. Unset: the region of the locale.',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_REQUESTS',
    default: '',
    whenUnset: 'per key type',
    help: 'Requests to POST /v1/events per key: `off` or `rate/burst` (rate per second).',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS',
    default: '',
    whenUnset: 'per key type',
    help: 'Events received per key: `off` or `rate/burst`. The burst must be at least one full batch (1,000).',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_IP_REQUESTS',
    default: '',
    whenUnset: describeRate(ADDRESS_RATES['events-ip-requests']),
    help: 'Requests that send events, per address (IPv6: per /64) of each client key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_IP',
    default: '',
    whenUnset: describeRate(ADDRESS_RATES['events-ip']),
    help: 'Events received per address of each client key: `off` or `rate/burst`. The burst must be at least one full batch (1,000).',
  },
  {
    name: 'APPFLOW_LIMIT_ANALYTICS',
    default: '',
    whenUnset: describeRate(DEFAULT_RATES.server.analytics),
    help: 'Queries per key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT',
    default: '',
    whenUnset: describeInFlight(IN_FLIGHT_DEFAULT),
    help: 'Concurrent queries per key in each process: `off` or `running/waiting`. Waiting queries get 429 after 2 s.',
  },
  {
    name: 'APPFLOW_LIMIT_MANAGEMENT',
    default: '',
    whenUnset: describeRate(DEFAULT_RATES.server.management),
    help: 'Management requests per key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_FAILED_AUTH',
    default: '',
    whenUnset: describeRate(FAILED_AUTH_RATE),
    help: 'Requests with unknown keys per address: `off` or `rate/burst`. Valid keys are never blocked.',
  },
  {
    name: 'APPFLOW_LIMIT_LEAK_HOOK',
    default: '',
    whenUnset: describeRate(LEAK_HOOK_RATE),
    help: 'Reports of leaked keys (POST /hooks/secret-scanning/github) per address: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_SIGN_IN',
    default: '',
    whenUnset: describeRate(SIGN_IN_RATE),
    help: 'Wrong passwords per known device, per session and per address: `off` or `rate/burst`. `off` also removes the limit per account.',
  },
  {
    name: 'DATABASE_URL',
    default: '',
    help: 'PostgreSQL 14 or later for projects, keys, people and the audit log, such as `postgres://user:password@10.0.0.5:5432/appflow`; add `?sslmode=verify-full` for TLS. The database must exist; its tables are created. If it is unset, they are in SQLite in the data folder.',
  },
  {
    name: 'CLICKHOUSE_URL',
    default: '',
    help: 'ClickHouse server (24.8 or later) for events, such as `http://appflow:password@10.0.0.6:8123`, or `https://` for TLS. Its database `appflow` is created. If it is unset, events are in the data folder.',
  },
  {
    name: 'APPFLOW_CLICKHOUSE_CLUSTER',
    default: '',
    help: 'Name of the ClickHouse cluster that CLICKHOUSE_URL belongs to, if its servers are replicas of one shard; see [a cluster](guides/operating.md#a-clickhouse-cluster). If it is unset, tables are created on one server.',
  },
  {
    name: 'APPFLOW_NODE_URL',
    default: '',
    help: 'Where other nodes reach this one, such as `http://10.0.0.5:4001`: lets several nodes with the same `DATABASE_URL`, `CLICKHOUSE_URL` and APPFLOW_SECRET [answer all requests](guides/operating.md#several-nodes). The node also listens on this host and port; keep it on a private network. If it is unset, a node with `CLICKHOUSE_URL` works alone, and a second one waits as a standby.',
  },
  {
    name: 'REDIS_URL',
    default: '',
    help: 'Redis or Valkey in which all processes count rate limits together, such as `redis://user:password@10.0.0.5:6379/0`, or `rediss://` for TLS. If it is unset, each process counts separately. If Redis is down, each process enforces its share of every limit.',
  },
  {
    name: 'RATE_LIMIT_HEADERS',
    default: 'draft',
    help: '`draft` sends RateLimit and RateLimit-Policy (IETF httpapi draft); `off` sends neither. Retry-After is always sent.',
  },
  {
    name: 'METRICS_TOKEN',
    default: '',
    help: 'Bearer token for reading `/metrics` from anywhere; at least 16 characters. If it is unset, only this machine can read `/metrics`, directly and under a loopback name, not through a proxy.',
  },
  {
    name: 'METRICS_PORT',
    default: '',
    help: 'Separate port for `/metrics` (on HOST), instead of the main port. Open to anyone who can reach it, unless METRICS_TOKEN is set.',
  },
  {
    name: 'LOG_LEVEL',
    default: 'info',
    help: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`. On a terminal, log lines are readable text; otherwise, JSON.',
  },
] as const satisfies readonly Setting[];

/** The name of a variable in `SETTINGS`. */
export type SettingName = (typeof SETTINGS)[number]['name'];

/** Returns the value that applies when a variable is unset or empty; empty when there is none. */
export function defaultOf(name: SettingName): string {
  return SETTINGS.find((setting) => setting.name === name)?.default ?? '';
}
