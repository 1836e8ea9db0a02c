import { setTimeout } from 'node:timers/promises';
import { ApiError } from '../api/errors.ts';
import { type Control, NO_CALLER, URGENT, type Write } from '../control/control.ts';
import type { KeyRefusal } from '../directory/contents.ts';
import type { Directory } from '../directory/directory.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { messageOf, StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** A change that takes a key's access away. */
export type Withdrawal = {
  keyId: string;
  /** Names the change to the key: while it waits, the same change is kept once. */
  name: string;
  /** What the key is in memory until it is stored. */
  refusal: KeyRefusal;
  /** Stores it, and does nothing if it is stored already. */
  store: (write: Write) => Promise<unknown>;
};

/** Revocations that the control database could not take: this process applies them from memory and stores them later. */
export type UnstoredRevocations = {
  /**
   * Runs `attempt`, which stores the withdrawal for its caller. If the database does not answer, refuses the key in this
   * process from then on, and throws 503 `revocation_not_stored`. Every other error passes unchanged.
   */
  enforce: <T>(withdrawal: Withdrawal, attempt: () => Promise<T>) => Promise<T>;
  /** How many wait to be stored. At most a few per key. */
  count: () => number;
  /** Returns a sentence while some wait to be stored, undefined otherwise. */
  findProblem: () => string | undefined;
  /** Tries to store all that wait. Rejects with the first failure. */
  flush: () => Promise<void>;
  /** Logs what waits. Call it when the server begins to stop: a supervisor may kill it before `close`. */
  noteStop: () => void;
  /** Tries a last time, for at most 2 s, and logs what is lost. */
  close: () => Promise<void>;
};

const RETRY_EVERY_MS = SECOND_MS;
const RETRY_AFTER_SECONDS = 5;
/** A stop has 10 s in all, and a lock may be held for longer. */
const LAST_TRY_MS = 2 * SECOND_MS;

const NOT_STORED =
  'This server refuses the key from now on, but could not store that. It stores it as soon as the control database can be written. Until then, a restart would accept the key again, and so may other servers. Send the request again to learn whether it is stored.';

const NOT_STORED_AT_STOP =
  'the server stops while a revocation is not stored: unless a later line says that it is stored, revoke the key again';

/** Whether the database, not the request, is the reason of a failure. Whether something was stored is then unknown. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof StorageError && error.reason === 'unavailable';

/** What waits to be stored, with the reason of its last failure. The keys are refused in this process meanwhile. */
type WaitingList = {
  list: () => Withdrawal[];
  /** Those of `list` that are not stored yet: the others are stored, but not loaded. */
  listUnstored: () => Withdrawal[];
  add: (withdrawal: Withdrawal, failure: unknown) => void;
  /** Logs a failure to store or load it once per reason: it is tried again every second, and may never succeed. */
  recordFailure: (withdrawal: Withdrawal, failure: unknown) => void;
  noteStored: (withdrawal: Withdrawal) => void;
  /** Call it once the change is stored and loaded. */
  settle: (withdrawal: Withdrawal) => void;
};

function createWaitingList({ directory, log }: Pick<UnstoredServices, 'directory' | 'log'>): WaitingList {
  const waiting = new Map<string, { withdrawal: Withdrawal; reason: string; isStored: boolean }>();
  const nameOf = ({ keyId, name }: Withdrawal) => `${keyId} ${name}`;
  const list = () => [...waiting.values()].map(({ withdrawal }) => withdrawal);

  function noteStored(withdrawal: Withdrawal): void {
    const one = waiting.get(nameOf(withdrawal));
    if (one === undefined || one.isStored) return;
    one.isStored = true;
    log.warn({ keyId: withdrawal.keyId, change: withdrawal.name }, 'a revocation is stored now');
  }

  return {
    list,
    listUnstored: () =>
      [...waiting.values()].filter(({ isStored }) => !isStored).map(({ withdrawal }) => withdrawal),
    add(withdrawal, err) {
      const { keyId, refusal, name } = withdrawal;
      directory.refuseKey(keyId, refusal);
      const known = waiting.get(nameOf(withdrawal));
      // One that was stored may have been undone since.
      if (known) known.isStored = false;
      if (known) return;
      waiting.set(nameOf(withdrawal), { withdrawal, reason: messageOf(err), isStored: false });
      const text =
        'a revocation could not be stored: this process refuses the key, and a restart before it is stored would accept it again';
      log.error({ keyId, change: name, err }, text);
    },
    recordFailure(withdrawal, err) {
      const { keyId, name } = withdrawal;
      const one = waiting.get(nameOf(withdrawal));
      if (one === undefined || one.reason === messageOf(err)) return;
      one.reason = messageOf(err);
      const text = one.isStored
        ? 'a revocation is stored, but cannot be loaded yet: this process refuses the key meanwhile'
        : 'a revocation still cannot be stored, for another reason';
      log.error({ keyId, change: name, err }, text);
    },
    noteStored,
    settle(withdrawal) {
      const { keyId } = withdrawal;
      noteStored(withdrawal);
      if (!waiting.delete(nameOf(withdrawal))) return;
      if (!list().some((other) => other.keyId === keyId)) directory.acceptStored(keyId);
    },
  };
}

type UnstoredServices = {
  control: Pick<Control, 'write'>;
  directory: Pick<Directory, 'refuseKey' | 'acceptStored' | 'refresh'>;
  log: Log;
};

/**
 * Returns an empty list. It retries every second. No caller is checked when a withdrawal is stored: it was when it was
 * accepted, and the process has acted on it since (decision 0022).
 */
export function createUnstoredRevocations(services: UnstoredServices): UnstoredRevocations {
  const { control, directory, log } = services;
  const waiting = createWaitingList(services);

  async function storeOne(withdrawal: Withdrawal): Promise<void> {
    try {
      await control.write(NO_CALLER, withdrawal.store, URGENT);
      waiting.noteStored(withdrawal);
      await directory.refresh();
    } catch (error) {
      waiting.recordFailure(withdrawal, error);
      throw error;
    }
    waiting.settle(withdrawal);
  }

  const flush = () => storeEach(waiting.list(), storeOne);

  const stopRetrying = runPeriodically({
    everyMs: RETRY_EVERY_MS,
    run: flush,
    // Each has logged why, and logs when it is stored or lost.
    onError: (err) => log.debug({ err }, 'revocations still cannot be stored'),
    startsNow: false,
  });

  return {
    async enforce(withdrawal, attempt) {
      try {
        const result = await attempt();
        waiting.settle(withdrawal);
        return result;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        waiting.add(withdrawal, error);
        const headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) };
        throw new ApiError('revocation_not_stored', { detail: NOT_STORED, headers, cause: error });
      }
    },
    count: () => waiting.listUnstored().length,
    findProblem: () => describeWaiting(waiting.listUnstored().length),
    flush,
    noteStop() {
      for (const { keyId, name } of waiting.listUnstored())
        log.error({ keyId, change: name }, NOT_STORED_AT_STOP);
    },
    async close() {
      // An attempt that waits for the lock continues; otherwise it begins here.
      const lastTry = stopRetrying().then(flush);
      await Promise.race([
        lastTry.catch(() => undefined),
        setTimeout(LAST_TRY_MS, undefined, { ref: false }),
      ]);
      for (const { keyId, name } of waiting.listUnstored())
        log.fatal({ keyId, change: name }, 'a revocation was not stored and is lost: revoke the key again');
    },
  };
}

function describeWaiting(count: number): string | undefined {
  if (count === 0) return undefined;
  const what = count === 1 ? '1 revocation is' : `${count} revocations are`;
  return `${what} not stored yet, because the control database cannot be written: this process refuses the keys, but would accept them again after a restart.`;
}

/** Stores one after another, also after one that cannot be stored for a reason of its own. Throws the first failure. */
async function storeEach(
  withdrawals: readonly Withdrawal[],
  storeOne: (withdrawal: Withdrawal) => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  for (const withdrawal of withdrawals) {
    try {
      await storeOne(withdrawal);
    } catch (error) {
      // While the database does not answer, each further attempt would wait 5 s in vain.
      if (isUnavailable(error)) throw error;
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
}
