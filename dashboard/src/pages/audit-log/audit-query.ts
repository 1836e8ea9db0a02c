import { DAY_MS } from '../../../../src/lib/durations.ts';
import type { AuditQuery } from '../../api/answers.ts';
import { AUDIT_ACTIONS } from '../../lib/audit-actions.ts';

/** The time ranges on offer. */
export const AUDIT_RANGES = [
  { value: '', label: 'All time', days: undefined },
  { value: '1d', label: 'Last 24 hours', days: 1 },
  { value: '7d', label: 'Last 7 days', days: 7 },
  { value: '30d', label: 'Last 30 days', days: 30 },
  { value: '90d', label: 'Last 90 days', days: 90 },
] as const;

/** Whether a URL's `range` is one of them. */
export function isAuditRange(range: string): boolean {
  return AUDIT_RANGES.some(({ value }) => value === range);
}

export type AuditSearch = {
  action?: string;
  actor?: string;
  target?: string;
  ip?: string;
  range?: string | undefined;
};

/** Returns the API query for a URL's filters as of `now`. Invalid values are left out. */
export function toAuditQuery(search: AuditSearch, now: number): AuditQuery {
  const days = AUDIT_RANGES.find(({ value }) => value === search.range)?.days;
  return {
    action: AUDIT_ACTIONS.find((action) => action === search.action),
    actor_id: search.actor,
    target: search.target,
    ip: search.ip,
    from: days === undefined ? undefined : new Date(now - days * DAY_MS).toISOString(),
  };
}
