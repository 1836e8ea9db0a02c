import { setTimeout } from 'node:timers/promises';
import { SECOND_MS } from '../lib/durations.ts';
import { newUlid } from '../lib/id.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import type { Control } from './control.ts';
import { databaseNow } from './dialect.ts';

/** A lease that one process holds at a time: a row of `leases` that it renews. */
export type Lease = {
  /** A random ID of this process as its holder. */
  holder: string;
  /** Whether the previous holder released it while idle. Otherwise, its statements may still be running. */
  wasReleased: boolean;
  /** For how long it is certainly held, in milliseconds: 0 or less if another process may have it. */
  leftMs: () => number;
  /** Says where this process can be reached. Rejects with StorageError. */
  announce: (address: string) => Promise<void>;
  /**
   * Releases it, so that another process gets it immediately. `isIdle` says that no statement sent under it can still be running. Never
   * rejects.
   */
  release: (isIdle: boolean) => Promise<void>;
};

export type LeaseOptions = {
  control: Pick<Control, 'db' | 'whenStorable'>;
  name: string;
  ttlMs: number;
  /** How long to wait while another process has it. */
  waitMs: number;
  /** Called if another process has taken it because it was not renewed in time. */
  onLost: () => void;
  log: Log;
};

const RETRY_MS = SECOND_MS;
/** Often, so that the database may be away for most of the lease. */
const RENEWALS = 9;

type Taken = { wasReleased: boolean; untilMs: number };

/** Takes a lease and keeps it until it is released. Returns undefined if another process keeps it. Rejects with StorageError. */
export async function takeLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { name, waitMs, log } = options;
  const holder = newUlid();
  const stopMs = performance.now() + waitMs;
  let taken = await tryToTake(options, holder);
  if (taken === undefined && waitMs > 0) log.info({ name }, 'waiting for another process to end');
  while (taken === undefined && performance.now() < stopMs) {
    await setTimeout(RETRY_MS);
    taken = await tryToTake(options, holder).catch((err: unknown) => {
      log.warn({ err, name }, 'a lease could not be taken, trying again');
      return undefined;
    });
  }
  return taken && keep(options, holder, taken);
}

/** Who has a lease. */
export type Holder = {
  holder: string;
  /** Where it can be reached; null until it is ready. */
  address: string | null;
  /** Whether another process may take it. */
  isFree: boolean;
};

/** Returns who has a lease; undefined if no process ever had it. Locks nothing. */
export async function findHolder({ db }: Pick<Control, 'db'>, name: string): Promise<Holder | undefined> {
  const row = await db
    .selectFrom('leases')
    .select((eb) => ['holder', 'address', eb('until', '<=', databaseNow(db)).as('isFree')])
    .where('name', '=', name)
    .executeTakeFirst();
  return row && { ...row, isFree: Boolean(row.isFree) };
}

async function tryToTake(
  { control: { db, whenStorable }, name, ttlMs }: LeaseOptions,
  holder: string,
): Promise<Taken | undefined> {
  // Before the statement: the time of its answer says nothing about when the database counted from.
  const untilMs = performance.now() + ttlMs;
  const now = databaseNow(db);
  return whenStorable(() =>
    db.transaction().execute(async (tx) => {
      // Locks the row, so that what is read of it stays true.
      const before = await tx
        .insertInto('leases')
        .values({ name, holder: '', until: 0 })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ name }))
        .returning('holder')
        .executeTakeFirstOrThrow();
      const row = await tx
        .updateTable('leases')
        .set((eb) => ({ holder, until: eb(now, '+', ttlMs), address: null }))
        .where('name', '=', name)
        // An end that far away was set while the clock was ahead; twice as far, so that a small step back of the clock takes no lease.
        .where((eb) => eb.or([eb('until', '<=', now), eb('until', '>', eb(now, '+', 2 * ttlMs))]))
        .returning('name')
        .executeTakeFirst();
      return row && { wasReleased: before.holder === '', untilMs };
    }),
  );
}

function keep(options: LeaseOptions, holder: string, { wasReleased, untilMs }: Taken): Lease {
  const { control, name, ttlMs, onLost, log } = options;
  const { db, whenStorable } = control;
  let heldUntilMs = untilMs;
  const own = () => db.updateTable('leases').where('name', '=', name).where('holder', '=', holder);

  async function renew(): Promise<void> {
    const nextMs = performance.now() + ttlMs;
    const until = databaseNow(db);
    const { numUpdatedRows } = await whenStorable(() =>
      own()
        .set((eb) => ({ until: eb(until, '+', ttlMs) }))
        .executeTakeFirst(),
    );
    if (numUpdatedRows === 1n) {
      heldUntilMs = nextMs;
      return;
    }
    heldUntilMs = Number.NEGATIVE_INFINITY;
    log.error({ name }, 'another process has taken over');
    onLost();
  }

  const stop = runPeriodically({
    everyMs: ttlMs / RENEWALS,
    run: renew,
    onError: (err) =>
      log.warn({ err, name, leftMs: heldUntilMs - performance.now() }, 'a lease was not renewed'),
    startsNow: false,
  });
  return {
    holder,
    wasReleased,
    leftMs: () => heldUntilMs - performance.now(),
    announce: (address) => whenStorable(async () => void (await own().set({ address }).execute())),
    async release(isIdle) {
      await stop();
      heldUntilMs = Number.NEGATIVE_INFINITY;
      await own()
        .set({ until: 0, address: null, ...(isIdle && { holder: '' }) })
        .execute()
        .catch((err: unknown) => log.warn({ err, name }, 'a lease was not released'));
    },
  };
}
