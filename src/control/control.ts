import type { Kysely, Transaction } from 'kysely';
import type { Log } from '../lib/log.ts';
import type { ControlSchema } from './schema.ts';

/** A transaction of the control database. */
export type ControlTransaction = Transaction<ControlSchema>;

/** An open write: its transaction, and the revision that every row it changes must carry. */
export type Write = { tx: ControlTransaction; revision: number };

/**
 * Runs first in a write, under its lock, and throws to refuse it. A write may have waited 5 s for another process, which
 * may have revoked or narrowed the caller meanwhile, so each caller is read again here.
 */
export type Recheck = (tx: ControlTransaction) => Promise<unknown>;

/** For writes that no authenticated caller asked for: background tasks, the command line, signing in. */
export const NO_CALLER: Recheck = async () => undefined;

/**
 * A write that takes access away, or is needed to do so: on a full disk it may use the space that is kept in reserve. Other
 * writes must not, or they would use it up.
 */
export const URGENT: WriteOptions = { usesReserve: true };

/** How a write deals with a full disk. */
export type WriteOptions = { usesReserve: boolean };

/** Space that is kept for a full disk. `giveUpReserve` frees some; it returns false if nothing is left. */
export type DiskReserve = { giveUpReserve: () => boolean };

/**
 * The control database: projects, apps, keys. Writes are rare, and durable when the promise resolves. Disk errors, locks
 * and damaged files reject with StorageError `unavailable`.
 */
export type Control = {
  db: Kysely<ControlSchema>;
  /** The same database for loading changes. With PostgreSQL, it has its own connection, so other queries don't delay it. */
  snapshots: Kysely<ControlSchema>;
  /**
   * Returns a value that changes when another process commits: immediately with SQLite, milliseconds later with PostgreSQL.
   * Runs no statement on a table. Throws StorageError `unavailable` while PostgreSQL doesn't answer.
   */
  changeStamp: () => number;
  /**
   * Returns how many times the database lost commits, such as in a failover to a replica that lagged behind. Reload everything
   * when it changes.
   */
  countRollbacks: () => number;
  /** Whether a commit may take place although its answer is lost, as over a network. */
  losesAnswers: boolean;
  /** Whether `changeStamp` includes every commit immediately. If so, waiting for the change makes a request exact. */
  hasExactStamp: boolean;
  /** Returns how many statements ran so far. A request needs none: it reads the directory. */
  countStatements: () => number;
  /**
   * Runs `recheck`, then `change`, in one transaction. Waits up to 5 s for another process's write lock without blocking
   * anything else. Pass the `recheck` of the caller on whose behalf it writes, or NO_CALLER; and URGENT if it may use the
   * reserve on a full disk.
   */
  write: <T>(recheck: Recheck, change: (write: Write) => Promise<T>, options?: WriteOptions) => Promise<T>;
  /** Runs urgent work that writes in its own way like an urgent write: see `whenFree`. */
  whenStorable: <T>(work: () => Promise<T>) => Promise<T>;
  /** Returns the number of writes so far. It only decreases if the database lost commits: see `countRollbacks`. Rejects with StorageError. */
  readRevision: () => Promise<number>;
  /** What is lost or damaged in it, as sentences with what to do; empty if nothing is. */
  listProblems: () => string[];
  /** Reports a loss until it is accepted. Returns whether it is on disk, so that the next start reports it too. */
  reportLoss: (loss: string) => boolean;
  /** Checks every page in the background, once. Damage then appears among the problems and in the log. */
  checkPages: (log: Log) => void;
  /** The names of the migrations applied while opening. */
  migrated: readonly string[];
  /** Those that a newer release has applied, and that this one can ignore. */
  ignored: readonly string[];
  close: () => Promise<void>;
};

/** A control database opened for reading only: its rows, and how its schema compares with this release. */
export type ReadOnlyControl = Pick<
  Control,
  | 'db'
  | 'snapshots'
  | 'changeStamp'
  | 'countRollbacks'
  | 'hasExactStamp'
  | 'losesAnswers'
  | 'readRevision'
  | 'close'
> & {
  /** Reads every page. Returns what is lost or damaged, as sentences with what to do; empty if nothing is. */
  listProblems: () => string[];
  /** Whether it has no tables yet. */
  isNew: boolean;
  pendingMigrations: readonly string[];
  /** Applied by a newer release, and not only additions. */
  unknownMigrations: readonly string[];
};
