import type { PageQuery } from './list.ts';

export type AuditAction =
  | 'api_key.created'
  | 'api_key.updated'
  | 'api_key.rotated'
  | 'api_key.grace_ended'
  | 'api_key.revoked'
  | 'api_key.restored'
  | 'api_key.disabled'
  | 'api_key.leak_reported'
  | 'app.created'
  | 'app.updated'
  | 'app.deleted'
  | 'app.restored'
  | 'project.created'
  | 'project.updated'
  | 'project.deleted'
  | 'project.restored'
  | 'user.erased'
  | 'authentication.failed'
  | 'secret.rotated'
  | 'secret.reset'
  | 'account.created'
  | 'account.updated'
  | 'account.password_changed'
  | 'account.password_reset'
  | 'account.reset_link_created'
  | 'account.totp_enabled'
  | 'account.totp_disabled'
  | 'session.started'
  | 'session.ended'
  | 'session.stepped_up'
  | 'member.added'
  | 'member.updated'
  | 'member.removed'
  | 'invitation.created'
  | 'invitation.revoked'
  | 'annotation.created'
  | 'annotation.deleted'
  | 'view.created'
  | 'view.updated'
  | 'view.deleted'
  | 'funnel.created'
  | 'funnel.updated'
  | 'funnel.deleted';

/** Which audit log entries; all conditions must match. */
export type AuditFilter = {
  action?: AuditAction;
  actor_id?: string;
  target?: string;
  ip?: string;
  from?: string;
  to?: string;
};

export type AuditQuery = PageQuery & AuditFilter;

/** What happened to a field: its old and new value; of a list, what was added and removed. */
export type AuditChange = unknown[] | { added: unknown[]; removed: unknown[] };

/** Names are only for members, in the dashboard. `diff` maps each changed field to its change; `diff_omitted` counts the values that were too many to record. */
export type AuditEntry = {
  id: string;
  at: string;
  actor: { type: string; id: string; name?: string };
  action: string;
  target: string;
  target_name?: string;
  diff?: Record<string, AuditChange>;
  diff_omitted?: number;
  ip: string | null;
  request_id: string | null;
};
