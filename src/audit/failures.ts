import type { ErrorCode } from '../api/errors.ts';
import type { Control } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { FoundKey } from '../directory/directory.ts';
import { redactSecrets } from '../directory/secret.ts';
import type { Clock } from '../lib/clock.ts';
import { createDeferredQueue } from '../lib/deferred-queue.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { callerNetwork } from '../lib/ip.ts';
import type { Log } from '../lib/log.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { diffOf } from './audit.ts';

/** Why somebody was not let in: no key, two, no living one, one in the wrong place, or a wrong password or code. */
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
 * A credential that was shown and not accepted. `found` when it is, or was, a key of ours, `person` when it was to be
 * the password of one; `origin` when a web page sent a key.
 */
export type FailedAuthentication = {
  code: FailureCode;
  found: FoundKey | undefined;
  person?: { id: string; projectId: string } | undefined;
  address: string;
  origin?: string | undefined;
  requestId: string;
};

/** Failed authentications: a sample of them goes to the audit log, all of them are counted. */
export type FailedAuthenticationLog = {
  /** Counts a failure and perhaps queues an entry. Never touches the database. */
  record: (failure: FailedAuthentication) => void;
  /** Exact number of failures since the start by code, sampled or not: for metrics. */
  totals: () => ReadonlyMap<FailureCode, number>;
  /** Resolves when the queued entries are in the log. */
  flush: () => Promise<void>;
  /** Writes what is queued for the last time. */
  close: () => Promise<void>;
};

/**
 * The most entries a minute. A budget is only ever shared by those it protects: no flood with the keys of one project,
 * or with keys nobody knows, keeps what happens to another project out of its log. A lasting flood of one project
 * writes some 5 MB a day.
 */
export const ENTRIES_PER_MINUTE = {
  /** Of all unknown keys together. */
  unknown: 10,
  /** Of all keys of one project. */
  project: 10,
  /** Of one of its keys. */
  key: 5,
  /** Of one code from one network, among the unknown keys or those with the same key. */
  network: 3,
} as const;

const WINDOW_MS = MINUTE_MS;
const FLUSH_MS = 3_000;
/** Room for the whole budgets of 200 projects that are flooded at once. */
const QUEUE_MAX = 2_000;
const ORIGIN_CHARACTERS_MAX = 300;

/** A minute, and how many entries each budget has given in it. */
type Window = { endsAt: number; taken: Map<string, number> };

type Budget = readonly [name: string, entriesMax: number];

/** Whose credential it was, and in which project that is to be told. */
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

/** Whether the failure is within all of this minute's budgets; takes its share of each when it is. */
function spendBudgets({ taken }: Window, budgets: readonly Budget[]): boolean {
  const hasRoom = ([name, entriesMax]: Budget) => (taken.get(name) ?? 0) < entriesMax;
  if (!budgets.every(hasRoom)) return false;
  // Only what is taken is remembered, so a flood of addresses cannot fill the memory.
  for (const [name] of budgets) taken.set(name, (taken.get(name) ?? 0) + 1);
  return true;
}

function toEntry(failure: FailedAuthentication, at: number): AuditEntry {
  const { code, address, origin, requestId } = failure;
  const actor = { ip: address, requestId };
  // Whatever a caller likes to send: cut to size, and never a key.
  const page = origin && redactSecrets(origin).slice(0, ORIGIN_CHARACTERS_MAX);
  const diff = diffOf({}, page ? { code, origin: page } : { code });
  const told = { action: 'authentication.failed', diff, at } as const;
  const subject = subjectOf(failure);
  if (!subject) {
    const nobody = { ...actor, type: 'system', id: 'authentication' } as const;
    return { ...told, projectId: null, actor: nobody, target: 'unknown' };
  }
  const { type, id, projectId } = subject;
  return { ...told, projectId, actor: { ...actor, type, id }, target: id };
}

/** Returns the log of failed authentications over the audit log. */
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
