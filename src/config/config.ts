import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { parseCidrs } from '../lib/ip.ts';
import { type LimitOverrides, parseLimitSwitches } from '../limits/policies.ts';
import { parseClusterName } from './cluster-name.ts';
import { type PublicKeys, parseGithubKeys } from './scanning-keys.ts';
import { parseClickhouseUrl, parseDatabaseUrl, parseNodeUrl, parseRedisUrl } from './server-urls.ts';
import { defaultOf, type SettingName } from './settings.ts';
import { findUnknownVariables } from './unknown-variables.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const SECRET_LENGTH_MIN = 32;
const STALE_SECONDS_MAX = 3_600;
const PORT_MAX = 65_535;
/** Bytes. Less than this would not even load the ids of stored events. */
const QUERY_MEMORY_MIN = 200_000_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** The validated configuration of one process. */
export type Config = {
  port: number;
  host: string;
  dataDir: string;
  /** Where the built dashboard is. Not a setting; tests replace it. */
  dashboardDir: string;
  /** Undefined: use the secret in the data folder, or create one. */
  secret: string | undefined;
  /** Old secrets, newest first: what was stored under them still verifies. */
  retiredSecrets: readonly string[];
  /** How long keys are verified from memory while the control database cannot be read, in milliseconds. */
  keyMaxStaleMs: number;
  /** Memory of all queries together, in bytes. Undefined: a share of the machine's. */
  queryMemoryBytes: number | undefined;
  /** GitHub's public keys, if they are read from a file instead of GitHub's API. */
  githubScanningKeys: PublicKeys | undefined;
  /** Without a trailing slash; empty when unset. */
  publicUrl: string;
  /** Whether people may sign in over plain HTTP from other machines. */
  allowHttp: boolean;
  /** Whether the clock may not start before the last entry of the audit log. */
  hasClockFloor: boolean;
  trustedProxies: ReturnType<typeof parseCidrs>['cidrs'];
  /** The header in which a trusted proxy names the client's country, in lower case. Undefined: none does. */
  countryHeader: string | undefined;
  limitOverrides: LimitOverrides;
  /** Includes the password. Undefined: the control database is SQLite in the data folder. */
  databaseUrl: string | undefined;
  /** Includes the password. Undefined: limits are counted in this process. */
  redisUrl: string | undefined;
  /** Includes the password. Undefined: events are in the data folder. */
  clickhouseUrl: string | undefined;
  /** The cluster of `clickhouseUrl`. Undefined: it is one server. */
  clickhouseCluster: string | undefined;
  /** Where other nodes reach this one. Undefined: it works alone. */
  nodeUrl: string | undefined;
  rateLimitHeaders: boolean;
  /** The bearer token that `/metrics` requires. Undefined: only this machine may read it. */
  metricsToken: string | undefined;
  /** Undefined: `/metrics` is served on the main port. */
  metricsPort: number | undefined;
  logLevel: string;
};

/** Lists every invalid setting, each with the variable's name and what to set instead. */
export class ConfigError extends Error {
  constructor(mistakes: string[]) {
    super(`Invalid configuration:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function parsePort(text: string, mistakes: string[], name = 'PORT'): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  mistakes.push(`${name} is "${text}"; it must be a whole number from 0 to ${PORT_MAX}.`);
  return 0;
}

function parseMetricsToken(token: string | undefined, mistakes: string[]): string | undefined {
  if (token === undefined || /^\S{16,}$/.test(token)) return token;
  mistakes.push('METRICS_TOKEN is too short or contains whitespace; use 16 or more random characters.');
  return undefined;
}

function parsePublicUrl(text: string, mistakes: string[]): string {
  if (text === '') return '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '');
  mistakes.push(`APPFLOW_PUBLIC_URL is "${text}"; it must be a URL such as https://appflow.example.com.`);
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
    // Never quoted: it may be part of a real secret.
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
    const reason = messageOf(error);
    mistakes.push(`APPFLOW_GITHUB_SCANNING_KEYS_FILE is ${file}, which cannot be used: ${reason}`);
    return undefined;
  }
}

function parseMaxStale(text: string, mistakes: string[]): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds <= STALE_SECONDS_MAX) return seconds * 1_000;
  mistakes.push(
    `APPFLOW_KEY_MAX_STALE_SECONDS is "${text}"; it must be a whole number from 0 to ${STALE_SECONDS_MAX}.`,
  );
  return 0;
}

function parseMemory(text: string, mistakes: string[]): number | undefined {
  if (text === '') return undefined;
  const [, amount, unit] = /^(\d{1,6})(MB|GB)$/.exec(text) ?? [];
  const bytes = Number(amount) * (unit === 'GB' ? 1e9 : 1e6);
  if (bytes >= QUERY_MEMORY_MIN) return bytes;
  mistakes.push(
    `APPFLOW_QUERY_MEMORY is "${text}"; it must be a whole number of MB or GB such as 2GB, at least 200MB.`,
  );
  return undefined;
}

function readSecretFile(file: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    mistakes.push(`APPFLOW_SECRET_FILE is ${file}, which cannot be read.`);
    return undefined;
  }
}

/** An empty text means that the variable is unset and has no default. */
function parseChoice(name: string, text: string, choices: readonly string[], mistakes: string[]): string {
  if (text !== '' && !choices.includes(text))
    mistakes.push(`${name} is "${text}"; it must be one of ${choices.join(', ')}.`);
  return text;
}

function parseTrustedProxies(text: string, mistakes: string[]): Config['trustedProxies'] {
  const proxies = parseCidrs(text.split(',').filter((part) => part.trim() !== ''));
  for (const wrong of proxies.mistakes) {
    mistakes.push(`TRUSTED_PROXIES contains "${wrong}", which is not an IP address or CIDR range.`);
  }
  return proxies.cidrs;
}

/** Without a trusted proxy it would never be read, which the operator would only notice in the metrics. */
function parseCountryHeader(env: Environment, mistakes: string[]): string | undefined {
  const name = env.APPFLOW_COUNTRY_HEADER;
  if (!name) return undefined;
  if (!/^[\w-]+$/.test(name)) {
    mistakes.push(`APPFLOW_COUNTRY_HEADER is "${name}"; write the name of a header such as CF-IPCountry.`);
  } else if (!env.TRUSTED_PROXIES) {
    mistakes.push('APPFLOW_COUNTRY_HEADER is only read from proxies in TRUSTED_PROXIES; set both.');
  }
  return name.toLowerCase();
}

/** Returns the configuration from environment variables. Throws ConfigError listing every mistake. */
export function readConfig(env: Environment = process.env): Config {
  const mistakes: string[] = [];
  const read = (name: SettingName) => env[name] || defaultOf(name);
  const choose = (name: SettingName, choices: readonly string[]) =>
    parseChoice(name, read(name), choices, mistakes);
  const limits = parseLimitSwitches(env);
  mistakes.push(...limits.mistakes);
  const config: Config = {
    port: parsePort(read('PORT'), mistakes),
    host: read('HOST'),
    dataDir: read('APPFLOW_DATA_DIR'),
    dashboardDir: join(import.meta.dirname, '../../dashboard/dist'),
    secret: parseSecret(env, mistakes),
    retiredSecrets: parseRetiredSecrets(env.APPFLOW_SECRET_RETIRED ?? '', mistakes),
    keyMaxStaleMs: parseMaxStale(read('APPFLOW_KEY_MAX_STALE_SECONDS'), mistakes),
    queryMemoryBytes: parseMemory(read('APPFLOW_QUERY_MEMORY'), mistakes),
    githubScanningKeys: readGithubKeys(env.APPFLOW_GITHUB_SCANNING_KEYS_FILE, mistakes),
    publicUrl: parsePublicUrl(env.APPFLOW_PUBLIC_URL ?? '', mistakes),
    allowHttp: choose('APPFLOW_ALLOW_HTTP', ['0', '1']) === '1',
    hasClockFloor: choose('APPFLOW_CLOCK_FLOOR', ['on', 'off']) === 'on',
    trustedProxies: parseTrustedProxies(env.TRUSTED_PROXIES ?? '', mistakes),
    countryHeader: parseCountryHeader(env, mistakes),
    limitOverrides: limits.overrides,
    databaseUrl: parseDatabaseUrl(env.DATABASE_URL, mistakes),
    redisUrl: parseRedisUrl(env.REDIS_URL, mistakes),
    clickhouseUrl: parseClickhouseUrl(env.CLICKHOUSE_URL, mistakes),
    clickhouseCluster: parseClusterName(env.APPFLOW_CLICKHOUSE_CLUSTER, env.CLICKHOUSE_URL, mistakes),
    nodeUrl: parseNodeUrl(env.APPFLOW_NODE_URL, env, mistakes),
    rateLimitHeaders: choose('RATE_LIMIT_HEADERS', ['draft', 'off']) === 'draft',
    metricsToken: parseMetricsToken(env.METRICS_TOKEN || undefined, mistakes),
    metricsPort: env.METRICS_PORT ? parsePort(env.METRICS_PORT, mistakes, 'METRICS_PORT') : undefined,
    logLevel: choose('LOG_LEVEL', LOG_LEVELS),
  };
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

/** Returns a warning for each unknown `APPFLOW_…` variable of this process. */
export function listVariableWarnings(env: Environment = process.env): string[] {
  return findUnknownVariables(env);
}

/** Replaces APPFLOW_DATA_DIR for this process: the option `--data-dir`, or a command's own default. */
export function useDataDir(folder: string): void {
  process.env.APPFLOW_DATA_DIR = folder;
}

/** Whether APPFLOW_DATA_DIR is set, by the environment or by `useDataDir`. */
export function isDataDirSet(env: Environment = process.env): boolean {
  return Boolean(env.APPFLOW_DATA_DIR);
}

/** Returns the configuration of a CLI command. Its output is for people, so only errors are logged by default. */
export function readCommandConfig(env: Environment = process.env): Config {
  return readConfig({ ...env, LOG_LEVEL: env.LOG_LEVEL || 'error' });
}

/** Returns the API key that the CLI uses (`APPFLOW_API_KEY`), if set. */
export function readApiKey(env: Environment = process.env): string | undefined {
  return env.APPFLOW_API_KEY || undefined;
}

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** Returns the URL of a server with this configuration, as reached from this machine. Port 0 stays 0. */
export function localUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  // A wildcard address can be listened on, but not connected to.
  const name = ANY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
