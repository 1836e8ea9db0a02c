import type { Control, ControlTransaction } from '../control/control.ts';
import { SECOND_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import type { ErasureKey } from './erasure-key.ts';

/** Refuses the events of erased people: those dated up to the erasure. Later ones belong to a new profile. */
export type Tombstones = {
  /** Whether a user of an app was erased, and an event of theirs dated `timestamp` (epoch milliseconds) with them. */
  isErased(appId: string, appUserId: string, timestamp: number): boolean;
  /** Applies stored tombstones from now on. */
  add(rows: readonly Tombstone[]): void;
};

/** One ID of an erased person: its MAC, and the time up to which events are refused, epoch milliseconds. */
export type Tombstone = { appId: string; mac: string; until: number };

/** `latest` is the highest time of an app: almost all events are dated later, and cost no MAC. */
type AppTombstones = { latest: number; until: Map<string, number> };

/** Reads all tombstones: some 150 bytes of memory each. Rejects with StorageError. */
export async function openTombstones({ db }: Pick<Control, 'db'>, key: ErasureKey): Promise<Tombstones> {
  const apps = new Map<string, AppTombstones>();
  const tombstones: Tombstones = {
    isErased(appId, appUserId, timestamp) {
      const app = apps.get(appId);
      if (app === undefined || timestamp > app.latest) return false;
      const until = app.until.get(key.macOfUser(appId, appUserId));
      return until !== undefined && timestamp <= until;
    },
    add(rows) {
      for (const { appId, mac, until } of rows) {
        const app = apps.get(appId) ?? { latest: 0, until: new Map<string, number>() };
        apps.set(appId, app);
        app.until.set(mac, Math.max(until, app.until.get(mac) ?? 0));
        app.latest = Math.max(app.latest, until);
      }
    },
  };
  tombstones.add(await readTombstones(db));
  return tombstones;
}

/** Applies tombstones that another node stores. */
export type TombstoneFollower = {
  /** Resolves when everything that is stored now applies. Rejects with StorageError. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
};

const FOLLOW_MS = SECOND_MS;

/** Starts to look for tombstones of other nodes every second. */
export function followTombstones({
  control,
  tombstones,
  log,
}: {
  control: Pick<Control, 'db' | 'changeStamp'>;
  tombstones: Tombstones;
  log: Log;
}): TombstoneFollower {
  let stamp: number | undefined;
  let known = '';

  async function refresh(): Promise<void> {
    const { db } = control;
    const found = await db
      .selectFrom('erased_users')
      .select(({ fn }) => [fn.countAll().as('count'), fn.sum('until').as('sum')])
      .executeTakeFirstOrThrow();
    // Each erasure adds a row, or makes a time later.
    const state = `${found.count} ${found.sum}`;
    if (state === known) return;
    tombstones.add(await readTombstones(db));
    known = state;
  }

  async function poll(): Promise<void> {
    const now = control.changeStamp();
    if (now === stamp) return;
    await refresh();
    stamp = now;
  }

  const onError = (err: unknown) => log.debug({ err }, 'erasures of other nodes cannot be read');
  return { refresh, stop: runPeriodically({ everyMs: FOLLOW_MS, run: poll, onError }) };
}

async function readTombstones(db: Control['db']): Promise<Tombstone[]> {
  const rows = await db.selectFrom('erased_users').selectAll().execute();
  return rows.map(({ app_id: appId, mac, until }) => ({ appId, mac, until }));
}

/** Stores tombstones. An earlier one of the same ID is never shortened. */
export async function saveTombstones(tx: ControlTransaction, rows: readonly Tombstone[]): Promise<void> {
  for (const { appId, mac, until } of rows) {
    await tx
      .insertInto('erased_users')
      .values({ app_id: appId, mac, until })
      .onConflict((conflict) =>
        conflict.columns(['app_id', 'mac']).doUpdateSet({ until }).where('erased_users.until', '<', until),
      )
      .execute();
  }
}
