import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCurrentApp } from '../../api/apps.ts';
import { ALL_APPS } from '../../lib/all-apps.ts';
import {
  addUserFilter,
  clearUserFilters,
  listUserFilters,
  removeUserFilter,
  toUserQuery,
  type UserFilter,
} from './user-search.ts';

/** The search in the URL, and functions to change it. */
export function useUserSearch() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { apps, app, isPending, error, retry } = useCurrentApp();
  const isAllApps = search.apps === ALL_APPS;
  const filters = listUserFilters(search);
  return {
    apps,
    app,
    appsState: { isPending, error, retry },
    isAllApps,
    q: search.q ?? '',
    filters,
    isNarrowed: filters.length > 0 || search.q !== undefined,
    query: app && toUserQuery(search, isAllApps ? ALL_APPS : app.id),
    // Typing replaces the entry in the history: going back leaves the page.
    type: (q: string) =>
      void navigate({
        to: '.',
        search: ({ q: _, ...previous }) => ({ ...previous, ...(q && { q }) }),
        replace: true,
      }),
    add: (filter: UserFilter) =>
      void navigate({ to: '.', search: (previous) => addUserFilter(previous, filter) }),
    remove: (filter: UserFilter) =>
      void navigate({ to: '.', search: (previous) => removeUserFilter(previous, filter) }),
    clear: () => void navigate({ to: '.', search: clearUserFilters }),
    chooseApp: (id: string) =>
      void navigate({
        to: '.',
        search: ({ apps: _, ...previous }) =>
          id === ALL_APPS ? { ...previous, apps: id } : { ...previous, app: id },
      }),
  };
}
