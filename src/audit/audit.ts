import type { Transaction } from 'kysely';
import type { Actor } from '../api/caller.ts';
import type { Control } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { type AuditKey, chainMac, isSealed, sealOf } from './chain.ts';

/** What can happen, as the log names it. Never renamed. */
export const AUDIT_ACTIONS = [
  'api_key.created',
  'api_key.updated',
  'api_key.rotated',
  'api_key.grace_ended',
  'api_key.revoked',
  'api_key.restored',
  'api_key.disabled',
  'api_key.leak_reported',
  'app.created',
  'app.updated',
  'app.deleted',
  'app.restored',
  'project.created',
  'project.updated',
  'authentication.failed',
  'secret.rotated',
  'account.created',
  'account.updated',
  'account.password_changed',
  'account.password_reset',
  'account.reset_link_created',
  'account.totp_enabled',
  'account.totp_disabled',
  'session.started',
  'session.ended',
  'session.stepped_up',
  'member.added',
  'member.updated',
  'member.removed',
  'invitation.created',
  'invitation.revoked',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One thing that happened. `diff` maps a field to its value before and after; never a secret. */
export type AuditEntry = {
  projectId: string | null;
  actor: Actor;
  action: AuditAction;
  /** The id of what it happened to. */
  target: string;
  diff?: Record<string, readonly [before: unknown, after: unknown]> | undefined;
  /** When it happened, epoch milliseconds, if that was before it is appended. */
  at?: number;
};

/** What every change of projects, apps, keys and members takes. */
export type ChangeServices = { control: Control; directory: Directory; audit: Audit; clock: Clock };

/** The audit log. Rows form one chain: each carries an HMAC over itself and the HMAC of the row before. */
export type Audit = {
  /** Appends inside the transaction of what it tells of: both are stored, or neither. */
  append: (tx: Transaction<ControlSchema>, entry: AuditEntry) => Promise<void>;
};

/**
 * Returns the log's writer under the present key; `retired` keys are those the end may still be sealed with.
 * Transactions that write are serialised, and so is the chain.
 */
export function createAudit(auditKey: AuditKey, clock: Clock, retired: readonly AuditKey[] = []): Audit {
  const keys = [auditKey, ...retired];
  return {
    async append(tx, { projectId, actor, action, target, diff, at = clock.now() }) {
      const head = await tx
        .selectFrom('audit_head')
        .selectAll()
        .where('id', '=', 1)
        .executeTakeFirstOrThrow();
      const row = {
        seq: Number(head.seq) + 1,
        id: newId('aud'),
        at,
        project_id: projectId,
        actor_type: actor.type,
        actor_id: actor.id,
        action,
        target,
        diff: diff ? JSON.stringify(diff) : null,
        ip: actor.ip,
        request_id: actor.requestId,
        pepper_id: auditKey.id,
      };
      const mac = chainMac(row, head.mac, auditKey.key);
      await tx
        .insertInto('audit_log')
        .values({ ...row, mac })
        .execute();
      const end = { seq: row.seq, mac };
      // A seal that was broken stays broken: else the next entry would vouch for a tail that was cut before it.
      const seal = isSealed(head, keys) ? sealOf(end, auditKey.key) : head.seal;
      await tx
        .updateTable('audit_head')
        .set({ ...end, seal })
        .where('id', '=', 1)
        .execute();
    },
  };
}

/** Seals the end of a chain that an older release left without a seal. */
export async function sealHead(tx: Transaction<ControlSchema>, { key }: AuditKey): Promise<void> {
  const head = await tx.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirst();
  if (head?.seal !== '') return;
  const seal = sealOf({ seq: Number(head.seq), mac: head.mac }, key);
  await tx.updateTable('audit_head').set({ seal }).where('id', '=', 1).execute();
}

/**
 * Returns which members differ, each with its value before and after, as the audit log tells a change; undefined when
 * none does. Members in `except` (times that always move) are passed over.
 */
export function diffOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  except: readonly string[] = [],
): AuditEntry['diff'] {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !except.includes(name))
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (changed.length === 0) return undefined;
  return Object.fromEntries(
    changed.map((name) => [name, [before[name] ?? null, after[name] ?? null] as const]),
  );
}
