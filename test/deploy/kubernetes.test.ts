import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { getStep, parseStages, REPOSITORY, readRepositoryFile } from '../support/dockerfile.ts';
import { listUnknownSettings } from '../support/setting-names.ts';
import { type Changes, testRules } from './rules.ts';

const MANIFEST = readRepositoryFile('deploy/kubernetes.yaml');

/** A resource as it is parsed; a part that is missing is undefined. */
// biome-ignore lint/suspicious/noExplicitAny: what it contains is under test.
type Resource = any;

const KINDS: Record<string, new (data: Resource) => { validate(): void }> = {
  ...{ ConfigMap, Deployment, NetworkPolicy, PodDisruptionBudget, Service },
};

/** The folder of a kind's types in kubernetes-models. */
const TYPES: Record<string, string> = {
  ...{ v1: 'v1', 'apps/v1': 'apps/v1', 'policy/v1': 'policy/v1' },
  'networking.k8s.io/v1': 'networking.k8s.io/v1',
};

function parse(text: string): Resource[] {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS();
  });
}

/** Returns what the schemas of Kubernetes find. They accept unknown fields, as Kubernetes does. */
function listInvalid(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ kind, apiVersion: _, ...data }) => {
    const Kind = KINDS[kind];
    if (Kind === undefined) return [`${kind} is unknown`];
    try {
      new Kind(data).validate();
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
}

/** Returns the fields that Kubernetes does not know, which the compiler finds in the types of the same schemas. */
function listUnknownFields(resources: readonly Resource[]): string[] {
  const cache = join(REPOSITORY, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'kubernetes-'));
  try {
    const lines = resources.map(({ kind, apiVersion, ...data }, index) => {
      const type = `import('kubernetes-models/${TYPES[apiVersion]}').I${kind}`;
      return `export const r${index}: ${type} = ${JSON.stringify({ kind, apiVersion, ...data })};`;
    });
    writeFileSync(join(dir, 'manifest.mts'), lines.join('\n'));
    const args = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--ignoreConfig',
      '--module',
      'nodenext',
      join(dir, 'manifest.mts'),
    ];
    const { stdout } = spawnSync(join(REPOSITORY, 'node_modules/.bin/tsc'), args, {
      encoding: 'utf8',
      cwd: dir,
    });
    return stdout.split('\n').filter((line) => line.includes('error'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const find = (resources: readonly Resource[], wanted: string): Resource =>
  resources.find(({ kind }) => kind === wanted);
const podOf = (resources: readonly Resource[]) => find(resources, 'Deployment').spec.template.spec;
const containerOf = (resources: readonly Resource[]) => podOf(resources).containers[0];

const imageUser = () => {
  const last = parseStages(readRepositoryFile('Dockerfile')).at(-1);
  assert.ok(last);
  return getStep(last, 'USER').text;
};

const RULES: Record<string, (resources: readonly Resource[]) => boolean> = {
  'is valid': (resources) => listInvalid(resources).length === 0,
  'has no unknown field': (resources) => listUnknownFields(resources).length === 0,
  'selects its pods everywhere by the labels they have': (resources) => {
    const { labels } = find(resources, 'Deployment').spec.template.metadata;
    const selectors = [
      find(resources, 'Deployment').spec.selector.matchLabels,
      find(resources, 'Service').spec.selector,
      find(resources, 'PodDisruptionBudget').spec.selector.matchLabels,
      find(resources, 'NetworkPolicy').spec.podSelector.matchLabels,
      podOf(resources).topologySpreadConstraints[0].labelSelector.matchLabels,
    ];
    return selectors.every((selector) => JSON.stringify(selector) === JSON.stringify(labels));
  },
  'runs as the user of the image, without root': (resources) => {
    const { runAsNonRoot, runAsUser, runAsGroup } = podOf(resources).securityContext;
    return runAsNonRoot && `${runAsUser}:${runAsGroup}` === imageUser();
  },
  'gives the container no rights': (resources) => {
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } =
      containerOf(resources).securityContext;
    const isConfined = podOf(resources).securityContext.seccompProfile?.type === 'RuntimeDefault';
    return (
      isConfined &&
      allowPrivilegeEscalation === false &&
      readOnlyRootFilesystem &&
      capabilities?.drop?.join() === 'ALL'
    );
  },
  'has no token of the cluster in the pod': (resources) =>
    podOf(resources).automountServiceAccountToken === false,
  'keeps variables of Kubernetes from looking like settings': (resources) =>
    podOf(resources).enableServiceLinks === false,
  'sets variables that Appflow knows': (resources) => {
    const names = [
      ...containerOf(resources).env.map(({ name }: Resource) => name),
      ...Object.keys(find(resources, 'ConfigMap').data),
    ];
    return listUnknownSettings(names).length === 0;
  },
  'contains no secret': (resources) =>
    resources.every(({ kind }) => kind !== 'Secret') &&
    !/SECRET|PASSWORD|DATABASE_URL|REDIS_URL|CLICKHOUSE_URL/.test(
      JSON.stringify(find(resources, 'ConfigMap')),
    ) &&
    containerOf(resources).envFrom.some(({ secretRef }: Resource) => secretRef?.name === 'appflow'),
  'probes routes that exist': (resources) => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(resources);
    const paths = [startupProbe, livenessProbe, readinessProbe].map(
      (probe) => `${probe?.httpGet.path}:${probe?.httpGet.port}`,
    );
    return paths.join() === '/healthz:http,/healthz:http,/readyz:http';
  },
  'limits memory, and requests what a node needs': (resources) => {
    const { requests, limits } = containerOf(resources).resources ?? {};
    return Boolean(limits?.memory && requests?.memory && requests?.cpu);
  },
  'leaves a clean stop 10 seconds after preStop': (resources) => {
    const [, seconds] = containerOf(resources).lifecycle?.preStop?.exec?.command ?? [];
    return podOf(resources).terminationGracePeriodSeconds - Number(seconds) >= 15;
  },
  'can write to /data and /tmp': (resources) =>
    containerOf(resources)
      .volumeMounts.map(({ mountPath }: Resource) => mountPath)
      .join() === '/data,/tmp',
};

const listBroken = (text: string) => {
  const resources = parse(text);
  return Object.keys(RULES).filter((name) => !RULES[name]?.(resources));
};

/** A change for each rule that breaks it. */
const CHANGES: Changes = {
  'is valid': ['replicas: 2', "replicas: '2'"],
  'has no unknown field': ['readinessProbe:', 'readynessProbe:'],
  'selects its pods everywhere by the labels they have': [
    '  selector:\n    app.kubernetes.io/name: appflow',
    '  selector:\n    app: appflow',
  ],
  'runs as the user of the image, without root': ['runAsUser: 10001', 'runAsUser: 1000'],
  'gives the container no rights': ['drop: [ALL]', 'drop: [NET_RAW]'],
  'has no token of the cluster in the pod': [
    'automountServiceAccountToken: false',
    'automountServiceAccountToken: true',
  ],
  'keeps variables of Kubernetes from looking like settings': [
    'enableServiceLinks: false',
    'enableServiceLinks: true',
  ],
  'sets variables that Appflow knows': ['name: APPFLOW_DATA_DIR', 'name: APPFLOW_DATA'],
  'contains no secret': ['TRUSTED_PROXIES:', 'APPFLOW_SECRET:'],
  'probes routes that exist': ['path: /readyz', 'path: /ready'],
  'limits memory, and requests what a node needs': [/ {12}limits:\n {14}memory: 4Gi\n/, ''],
  'leaves a clean stop 10 seconds after preStop': [
    'terminationGracePeriodSeconds: 30',
    'terminationGracePeriodSeconds: 10',
  ],
  'can write to /data and /tmp': ['mountPath: /tmp', 'mountPath: /temp'],
};

describe('deploy/kubernetes.yaml', () => {
  testRules(MANIFEST, RULES, CHANGES, listBroken);
});
