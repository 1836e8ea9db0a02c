import { MINUTE_MS } from '../lib/durations.ts';
import { StorageError } from '../lib/errors.ts';
import type { ReadableControl } from './load-changes.ts';

const IDLE_POLL_MS = 250;
const MAX_STALE_MS = MINUTE_MS;

/** How the directory deals with time. */
export type DirectoryOptions = {
  /** How long memory is trusted while the database cannot be read, in milliseconds. */
  maxStaleMs?: number;
  /** A monotonic clock in milliseconds; tests replace it. */
  nowMs?: () => number;
};

/** How current the directory is. */
export type Freshness = {
  /** Resolves when the directory includes everything committed before the call. Call it after every write. */
  refresh: () => Promise<void>;
  /**
   * Returns undefined unless another process committed since the last check; then a promise that resolves when its changes
   * are loaded. Where the stamp is not exact, changes are loaded in the background instead: waiting for them would make
   * requests depend on a network. While the database cannot be read, memory is used for `maxStaleMs`; then it rejects with
   * StorageError `unavailable`.
   */
  ensureFresh: () => Promise<void> | undefined;
  /** Whether memory is too old to be trusted, as of a check at most 250 ms ago. */
  isTooOld: () => boolean;
  /** Returns the milliseconds since the directory was last known to be current. */
  ageMs: () => number;
  close: () => void;
};

/**
 * Returns what keeps the directory as current as the control database. `loadChanges` loads what changed since it ran last.
 */
export function keepFresh(
  control: Pick<ReadableControl, 'changeStamp' | 'hasExactStamp'>,
  loadChanges: () => Promise<void>,
  { maxStaleMs = MAX_STALE_MS, nowMs = () => performance.now() }: DirectoryOptions,
): Freshness {
  let stamp = control.changeStamp();
  let isChecked = false;
  let freshAt = nowMs();
  /** Why the last check failed; undefined if it succeeded. */
  let failure: { cause: unknown } | undefined;
  let running: Promise<void> = Promise.resolve();
  let pending: Promise<void> | undefined;

  // One load after another: each starts after the caller's commit, so it cannot miss it, and no older load overwrites it.
  function refresh(): Promise<void> {
    const load = running.then(loadChanges);
    running = load.catch(() => {
      // Its changes are missing, so every stamp counts as a change until a load succeeds.
      stamp = Number.NaN;
    });
    return load;
  }

  const ageMs = () => nowMs() - freshAt;
  /** After a while no request is accepted, because a key that looks valid here may have been revoked. */
  const isTooOld = () => failure !== undefined && ageMs() > maxStaleMs;

  function load(newStamp: number, checkedAt: number): void {
    const settled = refresh()
      .then(
        () => {
          [stamp, freshAt, failure] = [newStamp, checkedAt, undefined];
        },
        (cause: unknown) => {
          failure = { cause };
          if (isTooOld()) throw tooOld(cause);
        },
      )
      .finally(() => {
        if (pending === settled) pending = undefined;
      });
    // Nothing awaits a background load.
    settled.catch(() => undefined);
    pending = settled;
  }

  /** An exact stamp must not wait for a load that began before the commit; otherwise the next check starts another one. */
  function loadOnce(newStamp: number, checkedAt: number): void {
    if (control.hasExactStamp || pending === undefined) load(newStamp, checkedAt);
  }

  function checkStamp(): void {
    isChecked = true;
    setImmediate(() => {
      isChecked = false;
    });
    const checkedAt = nowMs();
    try {
      const newStamp = control.changeStamp();
      if (newStamp !== stamp) loadOnce(newStamp, checkedAt);
      else if (pending === undefined) [freshAt, failure] = [checkedAt, undefined];
    } catch (cause) {
      failure = { cause };
    }
  }

  function ensureFresh(): Promise<void> | undefined {
    if (!isChecked) checkStamp();
    if (!isTooOld()) return control.hasExactStamp ? pending : undefined;
    if (pending !== undefined) return pending;
    return Promise.reject(tooOld(failure?.cause));
  }

  const timer = setInterval(() => ensureFresh()?.catch(() => undefined), IDLE_POLL_MS);
  timer.unref();
  return { refresh, ensureFresh, isTooOld, ageMs, close: () => clearInterval(timer) };
}

const tooOld = (cause: unknown) =>
  new StorageError(
    'unavailable',
    'The control database cannot be read, and the keys in memory are too old to be trusted',
    cause,
  );
