import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { DCLinter } from 'dclint';
import { parse, stringify } from 'yaml';
import { readRepositoryFile } from '../support/dockerfile.ts';
import { makeTempDir } from '../support/harness.ts';
import { listUnknownSettings } from '../support/setting-names.ts';
import { type Changes, testRules } from './rules.ts';

/** After which `src/main.ts` gives up a clean stop. */
const STOP_SECONDS_MAX = 10;

const COMPOSE = readRepositoryFile('compose.yaml');

type Service = {
  image: string;
  build?: unknown;
  profiles: string[];
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  stop_grace_period?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  healthcheck?: { test: string | string[] };
  depends_on?: Record<string, { condition: string }>;
  networks?: string[] | Record<string, { ipv4_address?: string }>;
  deploy?: { resources?: { limits?: { memory?: string } } };
};
type Compose = {
  services: Record<string, Service>;
  secrets: Record<string, { environment?: string; file?: string }>;
};

const everyService = (test: (service: Service) => boolean) => (compose: Compose) =>
  Object.values(compose.services).every(test);
const isBuilt = ({ build }: Service) => build !== undefined;
const listValues = ({ environment = {} }: Service) => Object.entries(environment);

/** Rules of the linter about how a file looks, and one against naming the image that is built. */
const STYLE = [
  'no-build-and-image',
  'service-keys-order',
  'services-alphabetical-order',
  'top-level-properties-order',
  'service-dependencies-alphabetical-order',
  'service-ports-alphabetical-order',
  'require-quotes-in-ports',
  'no-quotes-in-volumes',
];

/** Checks what Compose sees: the schema of the Compose Specification and the rules of the linter, with merged parts in place. */
function hasNoFinding(compose: Compose): boolean {
  const file = join(makeTempDir(), 'compose.yaml');
  writeFileSync(file, stringify(compose, { aliasDuplicateObjects: false }));
  const rules = Object.fromEntries(STYLE.map((name) => [name, 0 as const]));
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  const results: { messages: unknown[] }[] = linter.lintFiles([file], false);
  return results.every(({ messages }) => messages.length === 0);
}

const RULES: Record<string, (compose: Compose) => boolean> = {
  'is valid': hasNoFinding,
  'starts every service in one of two profiles': everyService(({ profiles = [] }) =>
    ['one', 'cluster'].includes(profiles.join()),
  ),
  'requires the secret of Appflow': everyService(
    (service) =>
      !isBuilt(service) || /^\$\{APPFLOW_SECRET:\?.+\}$/.test(service.environment?.APPFLOW_SECRET ?? ''),
  ),
  'has no password with a default, nor one in the file': everyService((service) =>
    listValues(service).every(([name, value]) => {
      const isSecret = /PASSWORD$|TOKEN$/.test(name);
      return !isSecret && !/(PASSWORD|SECRET)(:?-[^}]|:?=)|:\/\/\w*:[^$@/]+@/.test(String(value));
    }),
  ),
  'gives each server its password as a secret that must be set': ({ services, secrets }) =>
    ['postgres', 'valkey', 'clickhouse'].every(
      (name) => secrets[services[name]?.secrets?.[0] ?? '']?.environment !== undefined,
    ),
  'checks the health of every service': everyService(
    (service) => isBuilt(service) || service.healthcheck !== undefined,
  ),
  'waits for the servers until they are healthy': everyService(
    ({ build, profiles, depends_on = {} }) =>
      build === undefined ||
      profiles.includes('one') ||
      ['postgres', 'valkey', 'clickhouse'].every((name) => depends_on[name]?.condition === 'service_healthy'),
  ),
  'starts every service again': everyService(({ restart }) => restart === 'always'),
  'limits the memory of every service': everyService(
    ({ deploy }) => deploy?.resources?.limits?.memory !== undefined,
  ),
  'runs Appflow with a read-only root and without capabilities': everyService(
    (service) => !isBuilt(service) || (service.read_only === true && service.cap_drop?.join() === 'ALL'),
  ),
  'gives a clean stop the time it needs': everyService(
    (service) => !isBuilt(service) || Number.parseInt(service.stop_grace_period ?? '', 10) > STOP_SECONDS_MAX,
  ),
  'trusts the proxy, and no other address': ({ services }) => {
    const networks = services.proxy?.networks;
    const address = Array.isArray(networks) ? undefined : networks?.front?.ipv4_address;
    return ['node-1', 'node-2'].every((name) => services[name]?.environment?.TRUSTED_PROXIES === address);
  },
  'gives each node an address of its own, on the internal network only': ({ services }) =>
    ['node-1', 'node-2'].every((name) => {
      const { environment, networks } = services[name] ?? {};
      const { front, back } = (networks ?? {}) as Record<string, { aliases?: string[] } | null | undefined>;
      const isInternal = back?.aliases?.join() === `${name}.back` && front?.aliases === undefined;
      return isInternal && environment?.APPFLOW_NODE_URL === `http://${name}.back:4001`;
    }),
  'sets variables that Appflow knows': everyService(
    (service) =>
      !isBuilt(service) || listUnknownSettings(Object.keys(service.environment ?? {})).length === 0,
  ),
};

const listBroken = (text: string) => {
  const compose: Compose = parse(text, { merge: true });
  return Object.keys(RULES).filter((name) => !RULES[name]?.(compose));
};

/** A change for each rule that breaks it. */
const CHANGES: Changes = {
  'is valid': ['stop_grace_period: 60s', 'stop_grace: 60s'],
  'starts every service in one of two profiles': ['profiles:\n      - one', 'profiles:\n      - two'],
  'requires the secret of Appflow': [/\$\{APPFLOW_SECRET:\?[^}]+\}/, '$${APPFLOW_SECRET-}'],
  'has no password with a default, nor one in the file': [
    'POSTGRES_PASSWORD-}',
    'POSTGRES_PASSWORD-appflow}',
  ],
  'gives each server its password as a secret that must be set': [
    '      - valkey_password\n    networks',
    '      - password\n    networks',
  ],
  'checks the health of every service': [
    / {4}healthcheck:\n {6}test: \[CMD, pg_isready[^\n]*\n[^\n]*\n[^\n]*\n/,
    '',
  ],
  'waits for the servers until they are healthy': [
    'clickhouse:\n      condition: service_healthy',
    'clickhouse:\n      condition: service_started',
  ],
  'starts every service again': ['restart: always', 'restart: on-failure'],
  'limits the memory of every service': ['memory: 512m', 'cpus: "1"'],
  'runs Appflow with a read-only root and without capabilities': ['read_only: true', 'read_only: false'],
  'gives a clean stop the time it needs': ['stop_grace_period: 15s', 'stop_grace_period: 10s'],
  'trusts the proxy, and no other address': [
    'TRUSTED_PROXIES: 172.30.251.10',
    'TRUSTED_PROXIES: 172.30.251.0/24',
  ],
  'gives each node an address of its own, on the internal network only': ['- node-2.back', '- node-1.back'],
  'sets variables that Appflow knows': ['APPFLOW_PUBLIC_URL: https', 'APPFLOW_URL: https'],
};

describe('compose.yaml', () => {
  testRules(COMPOSE, RULES, CHANGES, listBroken);
});
