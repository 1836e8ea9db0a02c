import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useCurrentApp } from '../../api/apps.ts';
import { addFilter, apiQuery, clearFilters, listFilters, removeFilter, type SetFilter } from './filters.ts';

/** `?apps=all`: the search is about every app, whichever the other pages are about. */
export const ALL_APPS = 'all';

/** What is searched for, as the URL says it, and how to change that. */
export function useEventSearch() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { apps, app, isPending, error, retry } = useCurrentApp();
  // Relative times count from when they were asked for, so that pages and exports are about the same events.
  const [askedAtMs, setAskedAtMs] = useState(Date.now);
  const isAllApps = search.apps === ALL_APPS;
  const timezone = app?.timezone ?? 'UTC';
  const renew = () => setAskedAtMs(Date.now());
  return {
    apps,
    app,
    areApps: { isPending, error, retry },
    isAllApps,
    timezone,
    range: search.range,
    query: apiQuery(search, { appId: isAllApps ? undefined : app?.id, timezone, nowMs: askedAtMs }),
    askedAtMs,
    filters: listFilters(search),
    isNarrowed: listFilters(search).length > 0 || search.range !== undefined,
    renew,
    add(filter: SetFilter) {
      renew();
      void navigate({ to: '.', search: ({ open: _, ...was }) => addFilter(was, filter) });
    },
    remove: (filter: SetFilter) => void navigate({ to: '.', search: (was) => removeFilter(was, filter) }),
    clear: () => void navigate({ to: '.', search: clearFilters }),
    chooseApp: (id: string) =>
      void navigate({
        to: '.',
        search: ({ apps: _, ...was }) => (id === ALL_APPS ? { ...was, apps: id } : { ...was, app: id }),
      }),
    chooseRange(range: string | undefined) {
      renew();
      void navigate({ to: '.', search: ({ range: _, ...was }) => ({ ...was, ...(range && { range }) }) });
    },
  };
}
