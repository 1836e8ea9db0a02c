import type { Actor } from '../api/caller.ts';
import type { Control, ControlTransaction } from '../control/control.ts';
import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { type AuditKey, chainMac, isSealed, sealOf } from './chain.ts';
import { type Diff, encodeDiff } from './diff.ts';

/** The actions in the audit log. An existing one is never renamed. */
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
  'project.deleted',
  'project.restored',
  'user.erased',
  'authentication.failed',
  'secret.rotated',
  'secret.reset',
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
  'annotation.created',
  'annotation.deleted',
  'view.created',
  'view.updated',
  'view.deleted',
  'funnel.created',
  'funnel.updated',
  'funnel.deleted',
] as const;

/** One of `AUDIT_ACTIONS`. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** An entry to append. */
export type AuditEntry = {
  projectId: string | null;
  actor: Actor;
  action: AuditAction;
  /** The id of what was changed. */
  target: string;
  diff?: Diff | undefined;
  /** When it happened, epoch milliseconds, if earlier than when it is appended. */
  at?: number;
};

/** The services that changing projects, apps, keys and members needs. */
export type ChangeServices = { control: Control; directory: Directory; audit: Audit; clock: Clock };

/** The audit log. Its rows form one chain: each has an HMAC over itself and the HMAC of the previous row. */
export type Audit = {
  /** Appends in the same transaction as the change itself: both are stored, or neither. */
  append: (tx: ControlTransaction, entry: AuditEntry) => Promise<void>;
};

/**
 * Creates the writer of the log. It writes with the first of `keys`; the end of the chain may still be sealed with one of
 * the others, which are retired. Write transactions run one after another, so the chain needs no lock of its own.
 */
export function createAudit(keys: readonly [AuditKey, ...AuditKey[]], clock: Clock): Audit {
  const [auditKey] = keys;
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
        diff: diff ? encodeDiff(diff) : null,
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
      // An invalid seal stays invalid: otherwise the next entry would hide that the log was truncated before it.
      const seal = isSealed(head, keys) ? sealOf(end, auditKey.key) : head.seal;
      await tx
        .updateTable('audit_head')
        .set({ ...end, seal })
        .where('id', '=', 1)
        .execute();
    },
  };
}
