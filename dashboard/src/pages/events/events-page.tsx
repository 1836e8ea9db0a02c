import type { App } from '../../api/answers.ts';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Select } from '../../components/ui/select.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { ExportMenu } from './export-menu.tsx';
import { FilterBar } from './filter-bar.tsx';
import { FoundEvents } from './found-events.tsx';
import { RangeSelect } from './range-select.tsx';
import { ALL_APPS, useEventSearch } from './use-event-search.ts';
import { useFoundEvents } from './use-found-events.ts';

/** Events: search, details, export. */
export function EventsPage() {
  const search = useEventSearch();
  const { apps, app, appsState, isAllApps, timezone, query } = search;
  const found = useFoundEvents(query, search.askedAtMs, !appsState.isPending && !appsState.error);
  const onClear = search.isNarrowed ? search.clear : undefined;
  return (
    <Page
      title="Events"
      actions={
        <>
          {apps.length > 1 && (
            <AppSelect apps={apps} chosen={isAllApps ? undefined : app} onChoose={search.chooseApp} />
          )}
          <RangeSelect range={search.range} timezone={timezone} onChange={search.chooseRange} />
          <ExportMenu query={query} isEmpty={found.events.length === 0} />
        </>
      }
    >
      <FilterBar
        app={app}
        filters={search.filters}
        onAdd={search.add}
        onRemove={search.remove}
        onClear={onClear}
      />
      <Card className="min-w-0 overflow-hidden">
        {appsState.error ? (
          <ErrorState what="Couldn't load the apps" error={appsState.error} onRetry={appsState.retry} />
        ) : appsState.isPending ? (
          <SkeletonRows rows={10} />
        ) : (
          <FoundEvents
            found={found}
            apps={apps}
            app={app}
            timezone={timezone}
            hasApps={isAllApps && apps.length > 1}
            onRefresh={search.renew}
            onFilter={search.add}
            onClear={onClear}
          />
        )}
      </Card>
    </Page>
  );
}

type AppSelectProps = {
  apps: readonly App[];
  /** Undefined means all. */
  chosen: App | undefined;
  onChoose: (id: string) => void;
};

function AppSelect({ apps, chosen, onChoose }: AppSelectProps) {
  return (
    <Select
      aria-label="App"
      className="max-w-44"
      value={chosen?.id ?? ALL_APPS}
      onChange={({ target }) => onChoose(target.value)}
    >
      <option value={ALL_APPS}>All apps</option>
      {apps.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
