import { type CreateKeyBody, insertKey, type MintedKey } from '../../keys/create.ts';
import { CLI_MAKER } from '../../keys/maker.ts';
import { replaceSecret } from '../../keys/rotate.ts';
import type { KeyType } from '../../keys/scopes.ts';
import type { ControlTransaction } from '../../keys/stored-key.ts';
import { DAY_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../open-services.ts';
import type { Project } from '../../projects/project.ts';
import { type DemoState, getDemoProject, insertState } from './demo-project.ts';
import { type DemoUse, writeDemoUsage } from './demo-usage.ts';

const DAY_SECONDS = 86_400;

/** A key of each type, of a demo that was just made: shown this once. */
export type DemoKeys = Record<KeyType, string>;

type DemoKey = Pick<CreateKeyBody, 'name' | 'type' | 'scopes'> & {
  madeDaysAgo: number;
  expiresInDays?: number;
  /** Its secret was replaced just now, and the former one works on for so long. */
  graceDays?: number;
  use?: DemoUse;
};

const ALL_DAY = { fromHour: 0, toHour: 24, isWeekly: false };
const AT_WORK = { fromHour: 7, toHour: 17, isWeekly: false };
const ON_MONDAYS = { fromHour: 6, toHour: 7, isWeekly: true };

/** What a team has that has used Appflow for a while, some of it well kept. The first of each type is the one to try. */
const KEYS: readonly DemoKey[] = [
  {
    name: 'Production backend',
    type: 'server',
    madeDaysAgo: 89,
    use: { ...ALL_DAY, category: 'events', anHour: 240, ip: '203.0.113.20', sdk: 'appflow-js/1.0.0' },
  },
  {
    name: 'iOS and Android apps',
    type: 'client',
    madeDaysAgo: 89,
    use: { ...ALL_DAY, category: 'events', anHour: 900, ip: '198.51.100.77', sdk: 'appflow-js/0.9.2' },
  },
  {
    name: 'Weekly report',
    type: 'read_only',
    madeDaysAgo: 64,
    use: { ...ON_MONDAYS, category: 'analytics', anHour: 18, ip: '203.0.113.21', sdk: 'curl/8.5.0' },
  },
  {
    name: 'Payments webhook',
    type: 'server',
    scopes: ['events:write'],
    madeDaysAgo: 71,
    graceDays: 3,
    use: { ...ALL_DAY, category: 'events', anHour: 14, ip: '203.0.113.22', sdk: 'appflow-js/1.0.0' },
  },
  {
    name: 'Agency dashboard',
    type: 'read_only',
    madeDaysAgo: 18,
    expiresInDays: 12,
    use: { ...AT_WORK, category: 'analytics', anHour: 35, ip: '198.51.100.4', sdk: 'Grafana/11.2.0' },
  },
  { name: 'Staging backend', type: 'server', madeDaysAgo: 121 },
];

/** Its secret is nobody's to see: it is replaced whenever the demo is served. */
const FEED: DemoKey = {
  name: 'Event pipeline',
  type: 'server',
  scopes: ['events:write'],
  madeDaysAgo: 89,
  use: { ...ALL_DAY, category: 'events', anHour: 60, ip: '127.0.0.1', sdk: 'appflow-js/1.0.0' },
};

/**
 * Makes the keys of the demo, as if they had been made in the past, and notes that they are there, in one transaction;
 * the record of their use follows. Returns the state with them, and the secrets that are shown this once.
 */
export async function createDemoKeys(
  services: ControlServices,
  state: DemoState,
  nowMs: number,
): Promise<{ state: DemoState; keys: DemoKeys }> {
  const project = getDemoProject(services, state);
  const made: (MintedKey & Pick<DemoKey, 'use'>)[] = [];
  const after = await services.control.write(async (tx, revision) => {
    made.length = 0;
    for (const key of [...KEYS, FEED]) {
      const { use } = key;
      made.push({
        ...(await insertDemoKey(services, tx, revision, project, key, nowMs)),
        ...(use && { use }),
      });
    }
    const noted = { ...state, feedKeyId: made.at(-1)?.key.id ?? '' };
    await insertState(tx, noted);
    return noted;
  });
  await services.directory.refresh();
  await writeDemoUsage(services, { seed: state.plan.seed, nowMs }, made);
  const secretOf = (type: KeyType) => made.find(({ key }) => key.type === type)?.secret ?? '';
  const keys = {
    server: secretOf('server'),
    client: secretOf('client'),
    read_only: secretOf('read_only'),
  };
  return { state: after, keys };
}

async function insertDemoKey(
  services: ControlServices,
  tx: ControlTransaction,
  revision: number,
  project: Project,
  { name, type, scopes, madeDaysAgo, expiresInDays, graceDays }: DemoKey,
  nowMs: number,
): Promise<MintedKey> {
  const body = {
    name,
    type,
    ...(scopes && { scopes }),
    ...(expiresInDays && { expires_at: new Date(nowMs + expiresInDays * DAY_MS).toISOString() }),
  };
  const made = await insertKey(services, tx, revision, project, body, CLI_MAKER);
  const { id: keyId } = made.key;
  const created_at = nowMs - madeDaysAgo * DAY_MS;
  await tx.updateTable('api_keys').set({ created_at }).where('id', '=', keyId).execute();
  await tx.updateTable('key_secrets').set({ created_at }).where('key_id', '=', keyId).execute();
  if (graceDays === undefined) return made;
  const rotation = { keyId, body: { grace_seconds: graceDays * DAY_SECONDS } };
  return replaceSecret(services, tx, revision, project, rotation, CLI_MAKER);
}
