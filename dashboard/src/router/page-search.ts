import { isTimeZone, parseWantedDays } from '../lib/day-range.ts';
import { isAuditRange } from '../pages/audit-log/audit-query.ts';
import { isEventRange } from '../pages/events/event-range.ts';
import { textIn, textsIn } from './search-values.ts';

type Search = Readonly<Record<string, unknown>>;

/**
 * Returns a member that means something; undefined in place of one that does not, which takes it from the address: it
 * must not say one thing and the page show another. Left out, the router would keep what was there.
 */
function knownIn<const Name extends string>(
  search: Search,
  name: Name,
  isKnown: (value: string) => boolean,
): { [Key in Name]?: string | undefined } {
  const found: { [Key in Name]?: string | undefined } = textIn(search, name);
  const value = found[name];
  if (value === undefined || !isKnown(value)) found[name] = undefined;
  return found;
}

/** Returns what the query of Overview says. */
export function overviewSearch(search: Search) {
  return {
    ...textIn(search, 'metric', 'by', 'view'),
    ...knownIn(search, 'range', (range) => parseWantedDays(range) !== undefined),
    ...knownIn(search, 'timezone', isTimeZone),
  };
}

/** Returns what the query of Events says. */
export function eventsSearch(search: Search) {
  return {
    ...textIn(search, 'user', 'session', 'event', 'apps', 'open'),
    ...textsIn(search, 'event_name', 'property'),
    ...knownIn(search, 'range', isEventRange),
  };
}

/** Returns what the query of the audit log says. */
export function auditLogSearch(search: Search) {
  return { ...textIn(search, 'action', 'actor', 'target'), ...knownIn(search, 'range', isAuditRange) };
}
