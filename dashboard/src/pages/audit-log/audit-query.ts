import type { AuditQuery } from '../../api/answers.ts';
import { AUDIT_ACTIONS } from '../../lib/audit-actions.ts';

const DAY_MS = 86_400_000;

/** How far back the log is shown. */
export const AUDIT_RANGES = [
  { value: '', label: 'All time' },
  { value: '1d', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
] as const;

/** Whether a URL's `range` is one of these. */
export function isAuditRange(range: string): boolean {
  return AUDIT_RANGES.some(({ value }) => value === range);
}

export type AuditSearch = { action?: string; actor?: string; target?: string; range?: string | undefined };

/** Returns the parameters of the API that a URL's filters mean at `now`; what makes no sense is left out. */
export function auditQueryOf(search: AuditSearch, now: number): AuditQuery {
  const days = /^(\d{1,3})d$/.exec(search.range ?? '')?.[1];
  return {
    action: AUDIT_ACTIONS.find((action) => action === search.action),
    actor_id: search.actor,
    target: search.target,
    from: days === undefined ? undefined : new Date(now - Number(days) * DAY_MS).toISOString(),
  };
}
