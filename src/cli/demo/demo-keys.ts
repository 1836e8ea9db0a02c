import { NO_CALLER, type Write } from '../../control/control.ts';
import type { Project } from '../../directory/project.ts';
import type { KeyType } from '../../directory/scopes.ts';
import { type CreateKeyBody, insertKey, type KeyWithSecret } from '../../keys/create.ts';
import { CLI_GRANTOR } from '../../keys/escalation.ts';
import { replaceSecret } from '../../keys/rotate.ts';
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../server/open-services.ts';
import { writeDemoIngestion } from './demo-ingestion.ts';
import { type DemoState, getDemoProject, insertState } from './demo-project.ts';
import { type DemoUse, writeDemoUsage } from './demo-usage.ts';

/** The secrets of a new demo, one per key type. They are shown only once. */
export type DemoKeys = Record<KeyType, string>;

type DemoKey = Pick<CreateKeyBody, 'name' | 'type' | 'scopes'> & {
  createdDaysAgo: number;
  expiresInDays?: number;
  /** If set, the key was just rotated, and its old secret stays valid for this long. */
  graceDays?: number;
  use?: DemoUse;
};

const ALL_DAY = { fromHour: 0, toHour: 24, isWeekly: false };
const AT_WORK = { fromHour: 7, toHour: 17, isWeekly: false };
const ON_MONDAYS = { fromHour: 6, toHour: 7, isWeekly: true };

/** The keys of a team that has used Appflow for a while, not all well maintained. The first of each type is shown. */
const KEYS: readonly DemoKey[] = [
  {
    name: 'Production backend',
    type: 'server',
    createdDaysAgo: 89,
    use: { ...ALL_DAY, category: 'events', perHour: 240, ip: '203.0.113.20', sdk: 'appflow-js/1.0.0' },
  },
  {
    name: 'iOS and Android apps',
    type: 'client',
    createdDaysAgo: 89,
    use: { ...ALL_DAY, category: 'events', perHour: 900, ip: '198.51.100.77', sdk: 'appflow-js/0.9.2' },
  },
  {
    name: 'Weekly report',
    type: 'read_only',
    createdDaysAgo: 64,
    use: { ...ON_MONDAYS, category: 'analytics', perHour: 18, ip: '203.0.113.21', sdk: 'curl/8.5.0' },
  },
  {
    name: 'Payments webhook',
    type: 'server',
    scopes: ['events:write'],
    createdDaysAgo: 71,
    graceDays: 3,
    use: { ...ALL_DAY, category: 'events', perHour: 14, ip: '203.0.113.22', sdk: 'appflow-js/1.0.0' },
  },
  {
    name: 'Agency dashboard',
    type: 'read_only',
    createdDaysAgo: 18,
    expiresInDays: 12,
    use: { ...AT_WORK, category: 'analytics', perHour: 35, ip: '198.51.100.4', sdk: 'Grafana/11.2.0' },
  },
  { name: 'Staging backend', type: 'server', createdDaysAgo: 121 },
];

/** Its secret is never shown: it is replaced every time the demo is served. */
const FEED: DemoKey = {
  name: 'Event pipeline',
  type: 'server',
  scopes: ['events:write'],
  createdDaysAgo: 89,
  use: { ...ALL_DAY, category: 'events', perHour: 60, ip: '127.0.0.1', sdk: 'appflow-js/1.0.0' },
};

/**
 * Creates the demo's keys with creation times in the past and records them in the state, in one transaction. Then writes
 * their usage and ingestion health. Returns the new state and the secrets to show.
 */
export async function createDemoKeys(
  services: ControlServices,
  state: DemoState,
  nowMs: number,
): Promise<{ state: DemoState; keys: DemoKeys }> {
  const project = getDemoProject(services, state);
  const created: (KeyWithSecret & Pick<DemoKey, 'use'>)[] = [];
  const after = await services.control.write(NO_CALLER, async (write) => {
    created.length = 0;
    for (const key of [...KEYS, FEED]) {
      const { use } = key;
      created.push({
        ...(await insertDemoKey(services, write, project, key, nowMs)),
        ...(use && { use }),
      });
    }
    const next = { ...state, feedKeyId: created.at(-1)?.key.id ?? '' };
    await insertState(write.tx, next);
    return next;
  });
  await services.directory.refresh();
  await writeDemoUsage(services, { seed: state.plan.seed, nowMs }, created);
  await writeDemoIngestion(
    services,
    state,
    nowMs,
    created.map(({ key }) => key),
  );
  const secretOf = (type: KeyType) => created.find(({ key }) => key.type === type)?.secret ?? '';
  const keys = {
    server: secretOf('server'),
    client: secretOf('client'),
    read_only: secretOf('read_only'),
  };
  return { state: after, keys };
}

async function insertDemoKey(
  services: ControlServices,
  write: Write,
  project: Project,
  { name, type, scopes, createdDaysAgo, expiresInDays, graceDays }: DemoKey,
  nowMs: number,
): Promise<KeyWithSecret> {
  const body = {
    name,
    type,
    ...(scopes && { scopes }),
    ...(expiresInDays && { expires_at: new Date(nowMs + expiresInDays * DAY_MS).toISOString() }),
  };
  const created = await insertKey(services, write, project, body, CLI_GRANTOR);
  const { tx } = write;
  const { id: keyId } = created.key;
  const created_at = nowMs - createdDaysAgo * DAY_MS;
  await tx.updateTable('api_keys').set({ created_at }).where('id', '=', keyId).execute();
  await tx.updateTable('key_secrets').set({ created_at }).where('key_id', '=', keyId).execute();
  if (graceDays === undefined) return created;
  const rotation = { keyId, body: { grace_seconds: (graceDays * DAY_MS) / SECOND_MS } };
  return replaceSecret(services, write, project, rotation, CLI_GRANTOR);
}
