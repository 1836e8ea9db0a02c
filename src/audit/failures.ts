import { systemActor } from '../api/caller.ts';
import type { ErrorCode } from '../api/error-codes.ts';
import type { Control } from '../control/control.ts';
import { NO_CALLER } from '../control/control.ts';
import type { FoundKey } from '../directory/directory.ts';
import { redactSecrets } from '../directory/secret.ts';
import type { Clock } from '../lib/clock.ts';
import { createDeferredQueue } from '../lib/deferred-queue.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { callerNetwork } from '../lib/ip.ts';
import type { Log } from '../lib/log.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { diffOf } from './diff.ts';

/** Why authentication failed: an unknown or inactive key, two credentials, a usage restriction, a wrong password or code. */
export type FailureCode = Extract<
  ErrorCode,
  | 'multiple_credentials'
  | 'invalid_api_key'
  | 'api_key_expired'
  | 'api_key_revoked'
  | 'api_key_disabled'
  | 'ip_not_allowed'
  | 'secret_key_in_browser'
  | 'origin_not_allowed'
  | 'invalid_credentials'
>;

/**
 * A credential that was presented and rejected. `found` is set if it is or was an API key of this installation, `person`
 * if it was a password or code of an account, `origin` if a web page sent a key.
 */
export type FailedAuthentication = {
  code: FailureCode;
  found: FoundKey | undefined;
  person?: { id: string; projectId: string } | undefined;
  address: string;
  origin?: string | undefined;
  requestId: string;
};

/** Failed authentications: all are counted, a sample goes to the audit log. */
export type FailedAuthenticationLog = {
  /** Counts a failure and queues an entry if the budgets allow it. Never accesses the database. */
  record: (failure: FailedAuthentication) => void;
  /** Returns the exact number of failures since the start by code, sampled or not, for metrics. */
  totals: () => ReadonlyMap<FailureCode, number>;
  /** Resolves when the queued entries are in the log, or writing them has failed and will be retried. */
  flush: () => Promise<void>;
  /** Writes what is queued and stops. */
  close: () => Promise<void>;
};

/**
 * The maximum entries per minute. A budget is only shared by those it protects: a flood with the keys of one project, or
 * with unknown keys, never keeps the failures of another project out of the log. A constant flood of one project writes
 * about 5 MB per day.
 */
export const ENTRIES_PER_MINUTE = {
  /** For all unknown keys together. */
  unknown: 10,
  /** For all keys of one project. */
  project: 10,
  /** For one key. */
  key: 5,
  /** For one code from one network, either with unknown keys or with the same key. */
  network: 3,
} as const;

const WINDOW_MS = MINUTE_MS;
const FLUSH_MS = 3_000;
/** Enough for the full budgets of 200 projects that are flooded at the same time. */
const QUEUE_MAX = 2_000;
const ORIGIN_CHARACTERS_MAX = 300;

/** One minute, and how many entries of each budget were used in it. */
type Window = { endsAt: number; taken: Map<string, number> };

type Budget = readonly [name: string, entriesMax: number];

/** Returns the key or member that the credential belongs to, and the project whose log gets the entry. */
function subjectOf({ found, person }: FailedAuthentication) {
  if (found) return { type: 'key', id: found.key.id, projectId: found.key.projectId } as const;
  return person && ({ type: 'member', ...person } as const);
}

function budgetsOf(failure: FailedAuthentication): Budget[] {
  const { code, address } = failure;
  const subject = subjectOf(failure);
  const { unknown, project, key, network } = ENTRIES_PER_MINUTE;
  const from = `${code} ${callerNetwork(address)}`;
  if (!subject) {
    return [
      ['unknown', unknown],
      [`unknown ${from}`, network],
    ];
  }
  const { id, projectId } = subject;
  return [
    [projectId, project],
    [id, key],
    [`${id} ${from}`, network],
  ];
}

/** Returns whether all these budgets have an entry left in this minute, and uses one of each if so. */
function spendBudgets({ taken }: Window, budgets: readonly Budget[]): boolean {
  const hasRoom = ([name, entriesMax]: Budget) => (taken.get(name) ?? 0) < entriesMax;
  if (!budgets.every(hasRoom)) return false;
  // Only used budgets are stored, so a flood from many addresses cannot fill the memory.
  for (const [name] of budgets) taken.set(name, (taken.get(name) ?? 0) + 1);
  return true;
}

function toEntry(failure: FailedAuthentication, at: number): AuditEntry {
  const { code, address, origin, requestId } = failure;
  const actor = { ip: address, requestId };
  // The caller controls this text: cut it to size, and redact keys.
  const page = origin && redactSecrets(origin).slice(0, ORIGIN_CHARACTERS_MAX);
  const diff = diffOf({}, page ? { code, origin: page } : { code });
  const entry = { action: 'authentication.failed', diff, at } as const;
  const subject = subjectOf(failure);
  if (!subject) {
    const unknown = { ...systemActor('authentication'), ...actor };
    return { ...entry, projectId: null, actor: unknown, target: 'unknown' };
  }
  const { type, id, projectId } = subject;
  return { ...entry, projectId, actor: { ...actor, type, id }, target: id };
}

/** Creates the log of failed authentications, which writes to the audit log. */
export function createFailureLog(services: {
  control: Control;
  audit: Audit;
  clock: Clock;
  log: Log;
}): FailedAuthenticationLog {
  const { control, audit, clock, log } = services;
  const totals = new Map<FailureCode, number>();
  let window: Window = { endsAt: 0, taken: new Map() };
  const queue = createDeferredQueue<AuditEntry>({
    delayMs: FLUSH_MS,
    itemsMax: QUEUE_MAX,
    write: (entries) =>
      control.write(NO_CALLER, async ({ tx }) => {
        for (const entry of entries) await audit.append(tx, entry);
      }),
    onError: (err) => log.error({ err }, 'failed authentications could not be written to the audit log'),
  });
  return {
    record(failure) {
      totals.set(failure.code, (totals.get(failure.code) ?? 0) + 1);
      const now = clock.now();
      if (now >= window.endsAt) window = { endsAt: now + WINDOW_MS, taken: new Map() };
      if (spendBudgets(window, budgetsOf(failure))) queue.push(toEntry(failure, now));
    },
    totals: () => totals,
    flush: queue.flush,
    close: queue.close,
  };
}
