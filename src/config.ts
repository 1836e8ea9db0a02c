import { readFileSync } from 'node:fs';
import { type PublicKeys, parseGithubKeys } from './leaks/github-keys.ts';
import { parseCidrs } from './lib/ip.ts';
import { type LimitOverrides, parseLimitSwitches } from './limits/policies.ts';

/** One environment variable: what docs/configuration.md says of it, made from this list. */
export type Setting = { name: string; default: string; help: string };

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
    default: 'made at the first start, kept in secrets/appflow-secret (0600) in the data folder',
    help: 'At least 32 characters. Every stored key depends on it: lose it and all keys stop working.',
  },
  { name: 'APPFLOW_SECRET_FILE', default: '', help: 'A file to read APPFLOW_SECRET from instead.' },
  {
    name: 'APPFLOW_SECRET_RETIRED',
    default: '',
    help: 'Comma-separated former secrets. To replace the secret: 1. put the former one here and a new one in APPFLOW_SECRET (or in secrets/appflow-secret); 2. restart every process; 3. keys made before go on working and are moved to the new secret when they are next seen; 4. `appflow doctor` says how many are left: when none is, or those left are no longer wanted, keep the former secret here only to verify older audit entries, or remove it.',
  },
  {
    name: 'APPFLOW_KEY_MAX_STALE_SECONDS',
    default: '60',
    help: 'How long keys are judged from memory while the control database cannot be read (0 to 3600). After that every request with a key is refused with 503.',
  },
  {
    name: 'APPFLOW_GITHUB_SCANNING_KEYS_FILE',
    default: 'asked for at api.github.com when a report comes',
    help: "A file with GitHub's public keys for secret scanning, as https://api.github.com/meta/public_keys/secret_scanning answers them: for servers that cannot reach it.",
  },
  {
    name: 'APPFLOW_PUBLIC_URL',
    default: '',
    help: 'The address people reach this server under, e.g. https://appflow.example.com; links in errors begin with it.',
  },
  {
    name: 'TRUSTED_PROXIES',
    default: '',
    help: 'Comma-separated addresses or CIDRs of proxies whose X-Forwarded-For is believed. Needed for IP allow-lists behind a proxy.',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS_REQUESTS',
    default: 'per key type',
    help: 'Requests to POST /v1/events per key: `off` or `rate/burst` (rate per second).',
  },
  {
    name: 'APPFLOW_LIMIT_EVENTS',
    default: 'per key type',
    help: 'Events received per key: `off` or `rate/burst`. The burst must hold a whole batch (1,000).',
  },
  { name: 'APPFLOW_LIMIT_ANALYTICS', default: '10/60', help: 'Queries per key: `off` or `rate/burst`.' },
  {
    name: 'APPFLOW_LIMIT_MANAGEMENT',
    default: '10/60',
    help: 'Management calls per key: `off` or `rate/burst`.',
  },
  {
    name: 'APPFLOW_LIMIT_FAILED_AUTH',
    default: '0.3333/20 (20 a minute)',
    help: 'Unknown keys per address: `off` or `rate/burst`. Valid keys are never held up by it.',
  },
  {
    name: 'RATE_LIMIT_HEADERS',
    default: 'draft',
    help: '`draft` sends RateLimit and RateLimit-Policy (IETF httpapi draft), `off` neither. Retry-After is always sent.',
  },
  {
    name: 'METRICS_TOKEN',
    default: '',
    help: 'Whoever sends it as `Authorization: Bearer` may read `/metrics`, from anywhere. Unset: only this machine may. At least 16 characters.',
  },
  {
    name: 'METRICS_PORT',
    default: '',
    help: 'A port of its own for `/metrics` (on HOST), which then is not on the main port. Open to whoever reaches it, unless METRICS_TOKEN is set.',
  },
  { name: 'LOG_LEVEL', default: 'info', help: 'fatal, error, warn, info, debug, trace or silent.' },
] as const satisfies readonly Setting[];

/** Named in the specification, not served by this release: set, they would silently do nothing, so they are refused. */
const NOT_YET_SERVED = ['DATABASE_URL', 'CLICKHOUSE_URL', 'REDIS_URL'] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const SECRET_LENGTH_MIN = 32;
const STALE_SECONDS_MAX = 3_600;
const PORT_MAX = 65_535;

type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration of one process, checked. */
export type Config = {
  port: number;
  host: string;
  dataDir: string;
  /** Undefined: take the one kept in the data folder, or make it. */
  secret: string | undefined;
  /** Former secrets, the newest first: what was stored under them still verifies. */
  retiredSecrets: readonly string[];
  keyMaxStaleMs: number;
  /** GitHub's public keys, when they are not to be asked for. */
  githubScanningKeys: PublicKeys | undefined;
  /** Without a slash at the end; empty when unset. */
  publicUrl: string;
  trustedProxies: ReturnType<typeof parseCidrs>['cidrs'];
  limitOverrides: LimitOverrides;
  rateLimitHeaders: boolean;
  /** What readers of `/metrics` send; undefined: only this machine reads them. */
  metricsToken: string | undefined;
  /** Undefined: `/metrics` is on the main port. */
  metricsPort: number | undefined;
  logLevel: string;
};

/** All mistakes of a configuration at once, each with the variable's name and what to write instead. */
export class ConfigError extends Error {
  constructor(mistakes: string[]) {
    super(`The configuration has mistakes:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function parsePort(text: string, mistakes: string[], name = 'PORT'): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  mistakes.push(`${name} is "${text}"; write a whole number from 0 to ${PORT_MAX}.`);
  return 0;
}

function parseMetricsToken(token: string | undefined, mistakes: string[]): string | undefined {
  if (token === undefined || /^\S{16,}$/.test(token)) return token;
  mistakes.push('METRICS_TOKEN is too short, or has blanks; use 16 or more random characters.');
  return undefined;
}

function parsePublicUrl(text: string, mistakes: string[]): string {
  if (text === '') return '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '');
  mistakes.push(`APPFLOW_PUBLIC_URL is "${text}"; write an address such as https://appflow.example.com.`);
  return '';
}

function parseSecret(env: Environment, mistakes: string[]): string | undefined {
  const file = env.APPFLOW_SECRET_FILE;
  if (env.APPFLOW_SECRET && file) mistakes.push('Set APPFLOW_SECRET or APPFLOW_SECRET_FILE, not both.');
  const secret = env.APPFLOW_SECRET || (file ? readSecretFile(file, mistakes) : undefined);
  if (secret !== undefined && secret.length < SECRET_LENGTH_MIN) {
    mistakes.push(
      `APPFLOW_SECRET has ${secret.length} characters; use ${SECRET_LENGTH_MIN} or more random ones.`,
    );
  }
  return secret;
}

function parseRetiredSecrets(text: string, mistakes: string[]): string[] {
  const secrets = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  secrets.forEach((secret, index) => {
    if (secret.length >= SECRET_LENGTH_MIN) return;
    // Never quoted: it may be a part of a real one.
    mistakes.push(
      `APPFLOW_SECRET_RETIRED: secret ${index + 1} has fewer than ${SECRET_LENGTH_MIN} characters.`,
    );
  });
  return secrets;
}

function readGithubKeys(file: string | undefined, mistakes: string[]): PublicKeys | undefined {
  if (!file) return undefined;
  try {
    return parseGithubKeys(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    mistakes.push(`APPFLOW_GITHUB_SCANNING_KEYS_FILE names ${file}, which cannot be used: ${reason}`);
    return undefined;
  }
}

function parseMaxStale(text: string, mistakes: string[]): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds <= STALE_SECONDS_MAX) return seconds * 1_000;
  mistakes.push(
    `APPFLOW_KEY_MAX_STALE_SECONDS is "${text}"; write whole seconds from 0 to ${STALE_SECONDS_MAX}.`,
  );
  return 0;
}

function readSecretFile(file: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    mistakes.push(`APPFLOW_SECRET_FILE names ${file}, which cannot be read.`);
    return undefined;
  }
}

function parseChoice(name: string, text: string, choices: string[], mistakes: string[]): string {
  if (!choices.includes(text)) mistakes.push(`${name} is "${text}"; write one of ${choices.join(', ')}.`);
  return text;
}

function refuseNotYetServed(env: Environment, mistakes: string[]): void {
  for (const name of NOT_YET_SERVED) {
    if (!env[name]) continue;
    mistakes.push(`${name} is set, but this release runs on its embedded engines only: unset it.`);
  }
}

function parseTrustedProxies(text: string, mistakes: string[]): Config['trustedProxies'] {
  const proxies = parseCidrs(text.split(',').filter((part) => part.trim() !== ''));
  for (const wrong of proxies.mistakes) {
    mistakes.push(`TRUSTED_PROXIES holds "${wrong}", which is no address or CIDR.`);
  }
  return proxies.cidrs;
}

/** Returns the configuration that `env` describes. Throws ConfigError naming every mistake. */
export function readConfig(env: Environment = process.env): Config {
  const mistakes: string[] = [];
  refuseNotYetServed(env, mistakes);
  const limits = parseLimitSwitches(env);
  mistakes.push(...limits.mistakes);
  const config: Config = {
    port: parsePort(env.PORT || '8080', mistakes),
    host: env.HOST || '127.0.0.1',
    dataDir: env.APPFLOW_DATA_DIR || './data',
    secret: parseSecret(env, mistakes),
    retiredSecrets: parseRetiredSecrets(env.APPFLOW_SECRET_RETIRED ?? '', mistakes),
    keyMaxStaleMs: parseMaxStale(env.APPFLOW_KEY_MAX_STALE_SECONDS || '60', mistakes),
    githubScanningKeys: readGithubKeys(env.APPFLOW_GITHUB_SCANNING_KEYS_FILE, mistakes),
    publicUrl: parsePublicUrl(env.APPFLOW_PUBLIC_URL ?? '', mistakes),
    trustedProxies: parseTrustedProxies(env.TRUSTED_PROXIES ?? '', mistakes),
    limitOverrides: limits.overrides,
    rateLimitHeaders:
      parseChoice('RATE_LIMIT_HEADERS', env.RATE_LIMIT_HEADERS || 'draft', ['draft', 'off'], mistakes) ===
      'draft',
    metricsToken: parseMetricsToken(env.METRICS_TOKEN || undefined, mistakes),
    metricsPort: env.METRICS_PORT ? parsePort(env.METRICS_PORT, mistakes, 'METRICS_PORT') : undefined,
    logLevel: parseChoice('LOG_LEVEL', env.LOG_LEVEL || 'info', LOG_LEVELS, mistakes),
  };
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

/** Returns the configuration of a command: its output is for people, so the log stays quiet unless LOG_LEVEL is set. */
export function readCommandConfig(env: Environment = process.env): Config {
  return readConfig({ ...env, LOG_LEVEL: env.LOG_LEVEL || 'error' });
}

/** Returns the API key the CLI acts with (`APPFLOW_API_KEY`), if set. */
export function readApiKey(env: Environment = process.env): string | undefined {
  return env.APPFLOW_API_KEY || undefined;
}
