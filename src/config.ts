import { readFileSync } from 'node:fs';
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
  { name: 'LOG_LEVEL', default: 'info', help: 'fatal, error, warn, info, debug, trace or silent.' },
] as const satisfies readonly Setting[];

/** Named in the specification, not served by this release: set, they would silently do nothing, so they are refused. */
const NOT_YET_SERVED = ['DATABASE_URL', 'CLICKHOUSE_URL', 'REDIS_URL'] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const SECRET_LENGTH_MIN = 32;
const PORT_MAX = 65_535;

type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration of one process, checked. */
export type Config = {
  port: number;
  host: string;
  dataDir: string;
  /** Undefined: take the one kept in the data folder, or make it. */
  secret: string | undefined;
  /** Without a slash at the end; empty when unset. */
  publicUrl: string;
  trustedProxies: ReturnType<typeof parseCidrs>['cidrs'];
  limitOverrides: LimitOverrides;
  rateLimitHeaders: boolean;
  logLevel: string;
};

/** All mistakes of a configuration at once, each with the variable's name and what to write instead. */
export class ConfigError extends Error {
  constructor(mistakes: string[]) {
    super(`The configuration has mistakes:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function parsePort(text: string, mistakes: string[]): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  mistakes.push(`PORT is "${text}"; write a whole number from 0 to ${PORT_MAX}.`);
  return 0;
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

/** Returns the configuration that `env` describes. Throws ConfigError naming every mistake. */
export function readConfig(env: Environment = process.env): Config {
  const mistakes: string[] = [];
  for (const name of NOT_YET_SERVED) {
    if (env[name])
      mistakes.push(`${name} is set, but this release runs on its embedded engines only: unset it.`);
  }
  const proxies = parseCidrs((env.TRUSTED_PROXIES ?? '').split(',').filter((part) => part.trim() !== ''));
  for (const wrong of proxies.mistakes)
    mistakes.push(`TRUSTED_PROXIES holds "${wrong}", which is no address or CIDR.`);
  const limits = parseLimitSwitches(env);
  mistakes.push(...limits.mistakes);
  const config: Config = {
    port: parsePort(env.PORT || '8080', mistakes),
    host: env.HOST || '127.0.0.1',
    dataDir: env.APPFLOW_DATA_DIR || './data',
    secret: parseSecret(env, mistakes),
    publicUrl: parsePublicUrl(env.APPFLOW_PUBLIC_URL ?? '', mistakes),
    trustedProxies: proxies.cidrs,
    limitOverrides: limits.overrides,
    rateLimitHeaders:
      parseChoice('RATE_LIMIT_HEADERS', env.RATE_LIMIT_HEADERS || 'draft', ['draft', 'off'], mistakes) ===
      'draft',
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
