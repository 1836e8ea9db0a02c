import { CEILINGS } from '../../../../../src/directory/scopes.ts';
import type { KeyScope, KeyStatus, KeyType, RevokeReason } from '../../../api/answers.ts';

type KeyTypeLabels = {
  name: string;
  prefix: string;
  /** Where the key is used: the choice in the create dialog. */
  location: string;
  examples: string;
  /** What that location means for the key. */
  consequence: string;
  namePlaceholder: string;
};

/** The texts for each key type. */
export const KEY_TYPE_LABELS: Record<KeyType, KeyTypeLabels> = {
  server: {
    name: 'Server',
    prefix: 'sk_',
    location: 'In my backend',
    examples: 'Servers, jobs, CI, scripts',
    consequence: 'Full access to this project if you allow it. Keep it secret: it is rejected in browsers.',
    namePlaceholder: 'Production backend',
  },
  client: {
    name: 'Client',
    prefix: 'ck_',
    location: 'In a mobile or web app',
    examples: 'iOS, Android, web SDKs',
    consequence: 'Anyone with the app can extract this key, so it can only send events.',
    namePlaceholder: 'Production iOS',
  },
  read_only: {
    name: 'Read-only',
    prefix: 'ro_',
    location: 'In a dashboard or report',
    examples: 'BI tools, spreadsheets, status pages',
    consequence: 'Reads analytics, app and project details. Browsers need an allowed origin.',
    namePlaceholder: 'Weekly report',
  },
};

/** What each scope allows. */
export const SCOPE_DESCRIPTIONS: Record<KeyScope, string> = {
  'events:write': 'Send events',
  'events:read': 'Search and export events',
  'analytics:read': 'Read analytics',
  'users:read': 'Read users and their events',
  'users:delete': 'Erase users',
  'apps:read': 'List apps',
  'apps:write': 'Create, change and delete apps',
  'project:read': 'Read project settings',
  'project:write': 'Change project settings',
  'keys:read': 'List API keys and their usage',
  'keys:write': 'Create, rotate and revoke API keys',
  'audit:read': 'Read the audit log',
};

export const STATUS_LABELS = {
  active: { label: 'Active', tone: 'good' },
  expiring: { label: 'Expiring', tone: 'warn' },
  expired: { label: 'Expired', tone: 'neutral' },
  disabled: { label: 'Disabled', tone: 'neutral' },
  revoked: { label: 'Revoked', tone: 'bad' },
} as const satisfies Record<KeyStatus, { label: string; tone: string }>;

/** The reasons for revoking a key. */
export const REVOKE_REASONS = [
  { value: 'unused', label: 'No longer used' },
  { value: 'rotated', label: 'Replaced by another key' },
  { value: 'leaked', label: 'Leaked, or may have leaked' },
  { value: 'member_left', label: 'Someone with access left' },
  { value: 'other', label: 'Other' },
] as const satisfies readonly { value: RevokeReason; label: string }[];

/** Returns why a key was revoked, as the end of a sentence; undefined if that is unknown. */
export function describeReason(reason: string | null): string | undefined {
  if (reason === 'secret_reset') return "the server's secret was reset";
  return REVOKE_REASONS.find(({ value }) => value === reason)?.label.toLowerCase();
}

/** Whether a key can be used, or enabled again. */
export function isAlive(status: KeyStatus): boolean {
  return status !== 'revoked' && status !== 'expired';
}

/** Returns a short summary of scopes: `All scopes`, `events:write`, `3 scopes`. */
export function summarizeScopes(type: KeyType, scopes: readonly KeyScope[]): string {
  const ceiling = CEILINGS[type];
  if (ceiling.length > 1 && scopes.length === ceiling.length) return 'All scopes';
  const [only, ...others] = scopes;
  return only !== undefined && others.length === 0 ? only : `${scopes.length} scopes`;
}

/** The action on a key for which a dialog is open. */
export type KeyAction = { kind: 'rotate' | 'revoke'; keyId: string };
