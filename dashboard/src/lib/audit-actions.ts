import type { AuditAction } from '../../../src/audit/audit.ts';

/** The display name of each audit action. The compiler reports a missing one. */
const LABELS: Record<AuditAction, string> = {
  'api_key.created': 'API key created',
  'api_key.updated': 'API key changed',
  'api_key.rotated': 'API key rotated',
  'api_key.grace_ended': 'Old API key secret expired',
  'api_key.revoked': 'API key revoked',
  'api_key.restored': 'API key restored',
  'api_key.disabled': 'API key disabled',
  'api_key.leak_reported': 'API key reported as leaked',
  'app.created': 'App created',
  'app.updated': 'App changed',
  'app.deleted': 'App deleted',
  'app.restored': 'App restored',
  'project.created': 'Project created',
  'project.updated': 'Project settings changed',
  'project.deleted': 'Project deleted',
  'project.restored': 'Project restored',
  'user.erased': 'Person erased',
  'authentication.failed': 'Authentication failed',
  'secret.rotated': 'Installation secret replaced',
  'secret.reset': 'Installation secret reset after it was lost',
  'account.created': 'Account created',
  'account.updated': 'Account changed',
  'account.password_changed': 'Password changed',
  'account.password_reset': 'Password reset with a link',
  'account.reset_link_created': 'Password reset link created',
  'account.totp_enabled': 'Two-factor authentication turned on',
  'account.totp_disabled': 'Two-factor authentication turned off',
  'session.started': 'Signed in',
  'session.ended': 'Session ended',
  'session.stepped_up': 'Identity confirmed',
  'member.added': 'Member added',
  'member.updated': 'Role changed',
  'member.removed': 'Member removed',
  'invitation.created': 'Invitation created',
  'invitation.revoked': 'Invitation revoked',
  'annotation.created': 'Annotation added',
  'annotation.deleted': 'Annotation deleted',
  'view.created': 'View saved',
  'view.updated': 'View changed',
  'view.deleted': 'View deleted',
  'funnel.created': 'Funnel saved',
  'funnel.updated': 'Funnel changed',
  'funnel.deleted': 'Funnel deleted',
};

const KNOWN = new Map<string, string>(Object.entries(LABELS));

/** Returns the display name of an audit action. An action of a newer server is turned into words. */
export function describeAction(action: string): string {
  return KNOWN.get(action) ?? sentenceCase(action.replaceAll(/[._]/g, ' '));
}

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The actions that can be filtered by, in display order. */
export const AUDIT_ACTIONS = Object.keys(LABELS).filter((name): name is AuditAction => name in LABELS);
