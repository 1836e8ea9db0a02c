import { Page } from '../../components/page.tsx';
import { AppSelect } from '../../components/scope/app-select.tsx';
import { DAY_CHOICES, RangeSelect } from '../../components/scope/range-select.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { SavedViews } from '../../components/views/saved-views.tsx';
import { ExportMenu } from './export-menu.tsx';
import { FilterBar } from './filter-bar.tsx';
import { FoundEvents } from './found-events.tsx';
import { Histogram } from './histogram.tsx';
import { useEventSearch } from './use-event-search.ts';
import { useFoundEvents } from './use-found-events.ts';

const RANGES = [
  { value: '', label: 'All time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  ...DAY_CHOICES,
];

/** Events: search, details, export. */
export function EventsPage() {
  const search = useEventSearch();
  const { apps, app, appsState, isAllApps, timezone, query } = search;
  const found = useFoundEvents(query, search.askedAtMs, !appsState.isPending && !appsState.error);
  const onClear = search.isNarrowed ? search.clear : undefined;
  return (
    <Page
      title="Events"
      docs="/docs/events"
      actions={
        <>
          {apps.length > 1 && (
            <AppSelect apps={apps} chosen={isAllApps ? undefined : app} onChoose={search.chooseApp} />
          )}
          <RangeSelect
            choices={RANGES}
            range={search.range ?? ''}
            timezone={timezone}
            onChange={(range) => search.chooseRange(range || undefined)}
          />
          <SavedViews page="events" />
          <ExportMenu query={query} isEmpty={found.events.length === 0} />
        </>
      }
    >
      <FilterBar
        app={app}
        isAllApps={isAllApps}
        filters={search.filters}
        onAdd={search.add}
        onRemove={search.remove}
        onClear={onClear}
      />
      {found.events.length > 0 && <Histogram {...search.histogram} askedAtMs={search.askedAtMs} />}
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
