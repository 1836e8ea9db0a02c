import { AppSelect } from '../../components/app-select.tsx';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { FoundUsers, NoUsers } from './found-users.tsx';
import { useFoundUsers } from './use-found-users.ts';
import { useUserSearch } from './use-user-search.ts';
import { UserFilterBar } from './user-filter-bar.tsx';

/** Users: who uses the apps, last seen first. */
export function UsersPage() {
  const search = useUserSearch();
  const { apps, app, appsState, isAllApps } = search;
  const found = useFoundUsers(search.query);
  const onClear = search.isNarrowed ? search.clear : undefined;
  return (
    <Page
      title="Users"
      docs="/docs/events#persons-and-user-properties"
      description="Everyone who sent an event. IDs that belong to one person are one user."
      actions={
        apps.length > 1 && (
          <AppSelect apps={apps} chosen={isAllApps ? undefined : app} onChoose={search.chooseApp} />
        )
      }
    >
      <UserFilterBar
        q={search.q}
        filters={search.filters}
        onType={search.type}
        onAdd={search.add}
        onRemove={search.remove}
        onClear={onClear}
      />
      <Card className="min-w-0 overflow-hidden">
        {appsState.error ? (
          <ErrorState what="Couldn't load the apps" error={appsState.error} onRetry={appsState.retry} />
        ) : appsState.isPending ? (
          <SkeletonRows rows={10} />
        ) : app === undefined ? (
          <NoUsers app={app} />
        ) : (
          <FoundUsers found={found} app={app} onClear={onClear} />
        )}
      </Card>
    </Page>
  );
}
