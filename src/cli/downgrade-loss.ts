import { join } from 'node:path';
import type { AuditAction } from '../audit/audit.ts';
import { openReadOnlySqliteControl } from '../control/open-sqlite.ts';
import { messageOf } from '../lib/errors.ts';
import { findEventCount } from '../server/event-count.ts';

/** What may have taken access away. */
const REVOCATIONS: readonly AuditAction[] = [
  ...(['api_key.revoked', 'api_key.disabled', 'api_key.rotated', 'api_key.grace_ended'] as const),
  ...(['api_key.updated', 'app.deleted', 'member.removed', 'member.updated', 'invitation.revoked'] as const),
  ...([
    'session.ended',
    'account.password_changed',
    'account.password_reset',
    'account.totp_enabled',
  ] as const),
  ...(['secret.rotated', 'secret.reset'] as const),
];

type Stored = { events: number; changes: number; erasures: number; revocations: number };

/**
 * Returns what was stored in the later one of two folders and is not in the earlier one, and what is undone without it; undefined if
 * nothing was stored.
 */
export async function findLoss(earlier: string, later: string): Promise<string | undefined> {
  try {
    return describeLoss(await readStored(earlier), await readStored(later));
  } catch (error) {
    return `what was stored since is unknown (${messageOf(error)}). ${UNDONE}`;
  }
}

async function readStored(folder: string): Promise<Stored> {
  const control = await openReadOnlySqliteControl(join(folder, 'control.db'));
  try {
    const rows = await control.db
      .selectFrom('audit_log')
      .select(({ fn }) => ['action', fn.countAll<number>().as('count')])
      .groupBy('action')
      .execute();
    const count = (isCounted: (action: string) => boolean) =>
      rows.filter(({ action }) => isCounted(action)).reduce((sum, row) => sum + Number(row.count), 0);
    return {
      events: await findEventCount(control),
      changes: count(() => true),
      erasures: count((action) => action === 'user.erased'),
      revocations: count((action) => REVOCATIONS.some((one) => one === action)),
    };
  } finally {
    await control.close();
  }
}

/** What going back undoes. */
export const UNDONE =
  'People who were erased since are back. Keys, members and sessions that were revoked since are valid again, and passwords, second factors, roles and ' +
  'restrictions of keys are as they were: repeat those changes. If APPFLOW_SECRET was replaced since, set APPFLOW_SECRET_RETIRED to the old one';

function describeLoss(before: Stored, now: Stored): string | undefined {
  const added = (name: keyof Stored) => Math.max(0, now[name] - before[name]);
  if (added('events') === 0 && added('changes') === 0) return undefined;
  const format = (name: keyof Stored) => added(name).toLocaleString('en-US');
  const stored = `events: at least ${format('events')}, changes to projects, keys and people: ${format('changes')}`;
  if (added('erasures') === 0 && added('revocations') === 0) return stored;
  return `${stored}; of these, erased people: ${format('erasures')}, changes that may take access away: ${format('revocations')}. ${UNDONE}`;
}
