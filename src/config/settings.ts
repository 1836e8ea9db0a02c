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
  return perSeconds === MINUTE_SECONDS ? `${text} (${rate} a minute)` : text;
}

const describeInFlight = ({ running, waiting }: InFlightLimit) => `${running}/${waiting}`;

/** Every environment variable Appflow reads, in the order of the documentation. All are optional. */
export const SETTINGS = [
  { name: 'PORT', default: '8080', help: 'TCP port to listen on; 0 takes any free one.' },
  {
    name: 'HOST',
    default: '127.0.0.1',
    help: 'Address to listen on. Behind a TLS proxy on the same machine the default is right.',
  },
  {
    name: 'APPFLOW_DATA_DIR',
    default: './data',
    help: 'Folder that holds everything: control database, event store, secret. One process at a time serves it.',
  },
  {
    name: 'APPFLOW_SECRET',
    default: '',
    whenUnset: 'made at the first start, kept in secrets/appflow-secret (0600) in the data folder',
    help: 'At least 32 characters. Every stored key depends on it: lose it and all keys stop working.',
  },
  { name: 'APPFLOW_SECRET_FILE', default: '', help: 'A file to read APPFLOW_SECRET from instead.' },
  {
    name: 'APPFLOW_SECRET_RETIRED',
    default: '',
    help: 'Comma-separated former secrets. To replace the secret: 1. put the former one here and a new one in APPFLOW_SECRET (or in secrets/appflow-secret); 2. restart every process; 3. keys made before go on working and are moved to the new secret when they are next seen; 4. `appflow doctor` says how many are left: when none is, or those left are no longer wanted, keep the former secret here only to verify older audit entries, or remove it.',
  },
  {
    name: 'APPFLOW_QUERY_MEMORY',
    default: '',
    whenUnset: 'a quarter of the memory of the machine or container, from 500 MB to 8 GB',
    help: 'Memory for all queries together, e.g. `2GB` or `800MB`. Four queries run at a time, each with a quarter of it. A query that needs more spills to disk where possible, and is otherwise refused with `query_too_large`.',
  },
  {
    name: 'APPFLOW_KEY_MAX_STALE_SECONDS',
    default: '60',
    help: 'How long keys are verified from memory while the control database cannot be read (0 to 3600). After that every request with a key is refused with 503.',
  },
  {
    name: 'APPFLOW_GITHUB_SCANNING_KEYS_FILE',
    default: '',
    whenUnset: 'asked for at api.github.com when a report comes',
    help: "A file with GitHub's public keys for secret scanning, as https://api.github.com/meta/public_keys/secret_scanning answers them: for servers that cannot reach it.",
  },
  {
    name: 'APPFLOW_PUBLIC_URL',
    default: '',
    help: 'The address people reach this server under, e.g. https://appflow.example.com; links in errors begin with it.',
  },
  {
    name: 'APPFLOW_ALLOW_HTTP',
    default: '',
    help: '`1` lets people sign in over plain HTTP from other machines: passwords then cross the network readable. Better: a proxy with TLS in front, and APPFLOW_PUBLIC_URL.',
  },
  {
    name: 'APPFLOW_CLOCK_FLOOR',
    default: 'on',
    help: "`on`: Appflow's clock starts no earlier than the last entry of the audit log and the last change of the control database, so that a system clock that was set back does not make expired keys valid again. `off`: for one start, after a system clock that was ahead was corrected.",
  },
  {
    name: 'TRUSTED_PROXIES',
    default: '',
    help: 'Comma-separated addresses or CIDRs of proxies whose X-Forwarded-For is believed. Needed behind a proxy: until it is set, IP allow-lists see the proxy, and all its callers share the limits per address (50 times as large).',
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
    help: 'Events received per key: `off` or `rate/burst`. The burst must hold a whole batch (1,000).',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_IP_REQUESTS',
    default: '',
    whenUnset: describeRate(ADDRESS_RATES['events-ip-requests']),
    help: 'Requests to POST /v1/events per address (IPv6: its /64) inside a client key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_IP',
    default: '',
    whenUnset: describeRate(ADDRESS_RATES['events-ip']),
    help: 'Events received per address inside a client key: `off` or `rate/burst`. The burst must hold a whole batch (1,000).',
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
    help: 'Queries of one key at once, in each process: `off` or `running/waiting`; those that wait get 429 after 2 s.',
  },
  {
    name: 'APPFLOW_LIMIT_MANAGEMENT',
    default: '',
    whenUnset: describeRate(DEFAULT_RATES.server.management),
    help: 'Management calls per key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_FAILED_AUTH',
    default: '',
    whenUnset: describeRate(FAILED_AUTH_RATE),
    help: 'Unknown keys per address: `off` or `rate/burst`. Valid keys are never held up by it.',
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
    help: 'Wrong passwords in the dashboard per known device, per session, and per address: `off` or `rate/burst`. `off` also removes the limit per account.',
  },
  {
    name: 'REDIS_URL',
    default: '',
    help: 'A Redis or Valkey in which all processes count rate limits together, e.g. redis://user:password@10.0.0.5:6379/0, or rediss:// for TLS. Unset: each process counts for itself. While it does not answer, each keeps to its share of every limit.',
  },
  {
    name: 'RATE_LIMIT_HEADERS',
    default: 'draft',
    help: '`draft` sends RateLimit and RateLimit-Policy (IETF httpapi draft), `off` neither. Retry-After is always sent.',
  },
  {
    name: 'METRICS_TOKEN',
    default: '',
    help: 'Whoever sends it as `Authorization: Bearer` may read `/metrics`, from anywhere. Unset: only this machine may, straight and under a loopback name, not through a proxy. At least 16 characters.',
  },
  {
    name: 'METRICS_PORT',
    default: '',
    help: 'A port of its own for `/metrics` (on HOST), which then is not on the main port. Open to whoever reaches it, unless METRICS_TOKEN is set.',
  },
  { name: 'LOG_LEVEL', default: 'info', help: 'fatal, error, warn, info, debug, trace or silent.' },
] as const satisfies readonly Setting[];

/** The name of a variable in `SETTINGS`. */
export type SettingName = (typeof SETTINGS)[number]['name'];

/** Returns the value that applies when a variable is unset or empty; empty when there is none. */
export function defaultOf(name: SettingName): string {
  return SETTINGS.find((setting) => setting.name === name)?.default ?? '';
}
