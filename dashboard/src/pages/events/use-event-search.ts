import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useCurrentApp } from '../../api/apps.ts';
import { ALL_APPS } from '../../lib/all-apps.ts';
import {
  type ActiveFilter,
  addFilter,
  clearFilters,
  listFilters,
  removeFilter,
  toEventQuery,
} from './filters.ts';
import { toHistogramQuery } from './histogram-query.ts';

/** The search in the URL, and functions to change it. */
export function useEventSearch() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { apps, app, isPending, error, retry } = useCurrentApp();
  // Relative times are resolved once, so that all pages and the export contain the same events.
  const [askedAtMs, setAskedAtMs] = useState(Date.now);
  const isAllApps = search.apps === ALL_APPS;
  const timezone = app?.timezone ?? 'UTC';
  const refresh = () => setAskedAtMs(Date.now());
  const query = toEventQuery(search, { appId: isAllApps ? undefined : app?.id, timezone, nowMs: askedAtMs });
  return {
    apps,
    app,
    appsState: { isPending, error, retry },
    isAllApps,
    timezone,
    range: search.range,
    query,
    histogram: toHistogramQuery(query, { timezone, nowMs: askedAtMs }),
    askedAtMs,
    filters: listFilters(search),
    isNarrowed: listFilters(search).length > 0 || search.range !== undefined,
    renew: refresh,
    add(filter: ActiveFilter) {
      refresh();
      void navigate({ to: '.', search: ({ open: _, ...previous }) => addFilter(previous, filter) });
    },
    remove: (filter: ActiveFilter) =>
      void navigate({ to: '.', search: (previous) => removeFilter(previous, filter) }),
    clear: () => void navigate({ to: '.', search: clearFilters }),
    chooseApp: (id: string) =>
      void navigate({
        to: '.',
        search: ({ apps: _, ...previous }) =>
          id === ALL_APPS ? { ...previous, apps: id } : { ...previous, app: id },
      }),
    chooseRange(range: string | undefined) {
      refresh();
      void navigate({
        to: '.',
        search: ({ range: _, ...previous }) => ({ ...previous, ...(range && { range }) }),
      });
    },
  };
}
