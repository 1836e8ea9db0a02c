import { isTimeZone, parseDaySelection } from '../lib/day-range.ts';
import { isAuditRange } from '../pages/audit-log/audit-query.ts';
import { isDocsPlatform, isDocsTab } from '../pages/docs/docs-tabs.ts';
import { isEventRange } from '../pages/events/event-range.ts';
import { findSdkId } from '../pages/ingestion/counted-sdks.ts';
import { isIngestionRange } from '../pages/ingestion/ingestion-range.ts';
import { pickText, pickTexts } from './search-values.ts';

type Search = Readonly<Record<string, unknown>>;

/**
 * Returns a valid search parameter. An invalid one becomes undefined, which removes it from the URL, so that URL and page
 * agree. If it were left out, the router would keep the old value.
 */
function pickKnown<const Name extends string>(
  search: Search,
  name: Name,
  isKnown: (value: string) => boolean,
): { [Key in Name]?: string | undefined } {
  const found: { [Key in Name]?: string | undefined } = pickText(search, name);
  const value = found[name];
  if (value === undefined || !isKnown(value)) found[name] = undefined;
  return found;
}

/** Returns the search parameters of Overview. */
export function overviewSearch(search: Search) {
  return {
    ...pickText(search, 'metric', 'by', 'view', 'apps', 'compare', 'interval'),
    ...pickTexts(search, 'filter'),
    ...pickKnown(search, 'range', (range) => parseDaySelection(range) !== undefined),
    ...pickKnown(search, 'timezone', isTimeZone),
    ...pickKnown(search, 'currency', (code) => /^[A-Z]{3}$/.test(code)),
  };
}

/** Returns the search parameters of Retention. */
export function retentionSearch(search: Search) {
  return {
    ...pickText(search, 'apps', 'interval', 'periods', 'return'),
    ...pickTexts(search, 'filter'),
    ...pickDays(search),
  };
}

/** Returns the search parameters of Funnels: `funnel` is the definition as JSON, `saved` the ID of the saved one. */
export function funnelsSearch(search: Search) {
  const { funnel } = search;
  // The router parses JSON in an address that someone typed.
  const text = typeof funnel === 'object' && funnel !== null ? JSON.stringify(funnel) : funnel;
  return {
    ...pickText({ ...search, funnel: text }, 'apps', 'funnel', 'saved'),
    ...pickTexts(search, 'filter'),
    ...pickDays(search),
  };
}

const pickDays = (search: Search) => ({
  ...pickKnown(search, 'range', (range) => parseDaySelection(range) !== undefined),
  ...pickKnown(search, 'timezone', isTimeZone),
});

/** Returns the search parameters of Live. */
export function liveSearch(search: Search) {
  return { ...pickText(search, 'open', 'apps'), ...pickTexts(search, 'filter') };
}

/** Returns the search parameters of Events. */
export function eventsSearch(search: Search) {
  return {
    ...pickText(
      search,
      'user',
      'person',
      'session',
      'event',
      'platform',
      'country',
      'app_version',
      'apps',
      'open',
    ),
    ...pickTexts(search, 'event_name', 'property', 'where'),
    ...pickKnown(search, 'range', isEventRange),
  };
}

/** Returns the search parameters of Ingestion health. */
export function ingestionSearch(search: Search) {
  return {
    ...pickText(search, 'key', 'reason', 'sample'),
    ...pickKnown(search, 'sdk', (id) => findSdkId(id) !== undefined),
    ...pickKnown(search, 'range', isIngestionRange),
    ...pickKnown(search, 'show', (shown) => shown === 'problems'),
  };
}

/** Returns the search parameters of Docs: how the first event is sent. */
export function docsSearch(search: Search) {
  return { ...pickKnown(search, 'with', isDocsTab), ...pickKnown(search, 'on', isDocsPlatform) };
}

/** Returns the search parameters of Users. */
export function usersSearch(search: Search) {
  return {
    ...pickText(search, 'q', 'platform', 'country', 'app_version', 'apps'),
    ...pickTexts(search, 'user_property'),
  };
}

/** Returns the search parameters of the audit log. */
export function auditLogSearch(search: Search) {
  return {
    ...pickText(search, 'action', 'actor', 'target', 'ip'),
    ...pickKnown(search, 'range', isAuditRange),
  };
}
