import { channel } from 'node:diagnostics_channel';
import type { Control } from '../control/control.ts';
import { whenFree } from '../control/open-sqlite.ts';
import type { Directory } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** A key expires soon: the content of the log line and of the internal event. Times are epoch milliseconds. */
export type ExpiryNotice = {
  keyId: string;
  projectId: string;
  name: string;
  expiresAt: number;
  /** Which notice it is: 30, 7 or 1. */
  days: number;
};

/** The internal event. Each notice is published once, in the process that sends it. */
export const EXPIRING_KEYS = channel('appflow:api_key.expiring');

const NOTICE_DAYS = [1, 7, 30] as const;
const ROWS_PER_STATEMENT = 200;

type NoticeServices = { control: Control; directory: Directory; clock: Clock; log: Log };

/**
 * Sends notices of keys that expire within 30, 7 and 1 days: a log line and an internal event each. Every notice is sent
 * once, across restarts and processes: the process that inserts its row sends it. Returns the notices it sent.
 */
export async function sendExpiryNotices(services: NoticeServices): Promise<ExpiryNotice[]> {
  const now = services.clock.now();
  const due = services.directory
    .listExpiringBefore(now + 30 * DAY_MS + 1)
    .flatMap((key) => listDueNotices(key, now));
  const sent: ExpiryNotice[] = [];
  for (let start = 0; start < due.length; start += ROWS_PER_STATEMENT) {
    const claimed = await claim(services, due.slice(start, start + ROWS_PER_STATEMENT));
    // Sent before the next are claimed: if that fails, no other process would send these.
    for (const notice of claimed) sendNotice(services, notice);
    sent.push(...claimed);
  }
  return sent;
}

function sendNotice({ log }: NoticeServices, notice: ExpiryNotice): void {
  log.warn({ ...notice, event: 'api_key.expiring' }, 'an API key expires soon');
  EXPIRING_KEYS.publish(notice);
}

/** Returns the nearest notice that is due, if any. One from before the key was created was never due. */
function listDueNotices(key: ApiKey, now: number): ExpiryNotice[] {
  const { id, projectId, name, expiresAt, revokedAt, createdAt, isProjectDeleted } = key;
  if (expiresAt === null || expiresAt <= now || revokedAt !== null || isProjectDeleted) return [];
  const days = NOTICE_DAYS.find((candidate) => expiresAt - now <= candidate * DAY_MS);
  if (days === undefined || expiresAt - days * DAY_MS < createdAt) return [];
  return [{ keyId: id, projectId, name, expiresAt, days }];
}

/** Returns the notices that were not sent before. An existing row is left as it is. */
async function claim({ control }: NoticeServices, notices: readonly ExpiryNotice[]): Promise<ExpiryNotice[]> {
  const insert = control.db
    .insertInto('key_expiry_notices')
    .values(notices.map(({ keyId, expiresAt, days }) => ({ key_id: keyId, expires_at: expiresAt, days })))
    .onConflict((conflict) => conflict.doNothing())
    .returning(['key_id', 'expires_at', 'days']);
  const rows = await whenFree(() => insert.execute());
  const inserted = new Set(rows.map((row) => noticeId(row.key_id, Number(row.expires_at), row.days)));
  return notices.filter(({ keyId, expiresAt, days }) => inserted.has(noticeId(keyId, expiresAt, days)));
}

const noticeId = (keyId: string, expiresAt: number, days: number) => `${keyId} ${expiresAt} ${days}`;

/** Sends due notices now and every hour. Returns the function that stops it. */
export function startExpiryNotices(services: NoticeServices): () => Promise<void> {
  return runPeriodically({
    everyMs: HOUR_MS,
    run: () => sendExpiryNotices(services),
    onError: (err) => services.log.error({ err }, 'expiring API keys could not be looked up'),
  });
}
