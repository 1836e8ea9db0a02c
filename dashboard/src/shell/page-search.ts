import { isTimeZone, parseWantedDays } from '../lib/day-range.ts';
import { textIn, textsIn } from '../lib/search-values.ts';
import { isAuditRange } from '../pages/audit-log/audit-query.ts';
import { isEventRange } from '../pages/events/event-range.ts';

// What means nothing is left out, and so taken from the address: it must not say one thing and the page show another.

type Search = Readonly<Record<string, unknown>>;

function knownIn<const Name extends string>(
  search: Search,
  name: Name,
  isKnown: (value: string) => boolean,
): { [Key in Name]?: string } {
  const found = textIn(search, name);
  const value = found[name];
  return value === undefined || !isKnown(value) ? {} : found;
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
