import { channel } from 'node:diagnostics_channel';
import type { Control } from '../control/open.ts';
import { whenFree } from '../control/open.ts';
import type { Directory } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** A key nears its end: what the log line and the internal event say. Times are epoch milliseconds. */
export type ExpiryNotice = {
  keyId: string;
  projectId: string;
  name: string;
  expiresAt: number;
  /** Which notice it is: 30, 7 or 1. */
  days: number;
};

/** The internal event: `EXPIRING_KEYS.subscribe` hears each notice once, in the process that gives it. */
export const EXPIRING_KEYS = channel('appflow:api_key.expiring');

const NOTICE_DAYS = [1, 7, 30] as const;
const ROWS_PER_STATEMENT = 200;

type NoticeServices = { control: Control; directory: Directory; clock: Clock; log: Log };

/**
 * Tells of keys that expire within 30, 7 and 1 days: a log line and an internal event, each once, whatever restarts and
 * however many processes look: the row in the database decides who tells. Returns what it told.
 */
export async function sendExpiryNotices(services: NoticeServices): Promise<ExpiryNotice[]> {
  const now = services.clock.now();
  const due = services.directory
    .listExpiringBefore(now + 30 * DAY_MS + 1)
    .flatMap((key) => listDueNotices(key, now));
  const told: ExpiryNotice[] = [];
  for (let start = 0; start < due.length; start += ROWS_PER_STATEMENT) {
    const mine = await claim(services, due.slice(start, start + ROWS_PER_STATEMENT));
    // Told before the next are claimed: should that fail, nobody else would tell of these.
    for (const notice of mine) sendNotice(services, notice);
    told.push(...mine);
  }
  return told;
}

function sendNotice({ log }: NoticeServices, notice: ExpiryNotice): void {
  log.warn({ ...notice, event: 'api_key.expiring' }, 'an API key expires soon');
  EXPIRING_KEYS.publish(notice);
}

/** The nearest notice whose time has come. One that would have come before the key was made has never been due. */
function listDueNotices(key: ApiKey, now: number): ExpiryNotice[] {
  const { id, projectId, name, expiresAt, revokedAt, createdAt } = key;
  if (expiresAt === null || expiresAt <= now || revokedAt !== null) return [];
  const days = NOTICE_DAYS.find((candidate) => expiresAt - now <= candidate * DAY_MS);
  if (days === undefined || expiresAt - days * DAY_MS < createdAt) return [];
  return [{ keyId: id, projectId, name, expiresAt, days }];
}

/** Returns those nobody gave before. A row that is there already is left as it is, and nothing is written. */
async function claim({ control }: NoticeServices, notices: readonly ExpiryNotice[]): Promise<ExpiryNotice[]> {
  const insert = control.db
    .insertInto('key_expiry_notices')
    .values(notices.map(({ keyId, expiresAt, days }) => ({ key_id: keyId, expires_at: expiresAt, days })))
    .onConflict((conflict) => conflict.doNothing())
    .returning(['key_id', 'expires_at', 'days']);
  const rows = await whenFree(() => insert.execute());
  const won = new Set(rows.map((row) => noticeId(row.key_id, Number(row.expires_at), row.days)));
  return notices.filter(({ keyId, expiresAt, days }) => won.has(noticeId(keyId, expiresAt, days)));
}

const noticeId = (keyId: string, expiresAt: number, days: number) => `${keyId} ${expiresAt} ${days}`;

/** Looks now and every hour. Returns the function that stops it, once a look under way is over. */
export function startExpiryNotices(services: NoticeServices): () => Promise<void> {
  return runPeriodically({
    everyMs: HOUR_MS,
    run: () => sendExpiryNotices(services),
    onError: (err) => services.log.error({ err }, 'expiring API keys could not be looked up'),
  });
}
