import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ApiKey } from '../../api/answers.ts';
import { ingestionQuery } from '../../api/ingestion.ts';
import { keysQuery } from '../../api/keys.ts';
import { useActorNames } from '../../api/members.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Select } from '../../components/ui/select.tsx';
import { changeSearch } from './change-search.ts';
import { CollisionsCard } from './collisions-card.tsx';
import { findSdkId } from './counted-sdks.ts';
import { IngestionContent } from './ingestion-content.tsx';
import { findIngestionRange, INGESTION_RANGES, toIngestionQuery } from './ingestion-range.ts';
import { IngestionSkeleton } from './ingestion-skeleton.tsx';
import { SamplesCard } from './samples-card.tsx';
import { SdkSelect } from './sdk-select.tsx';

const FRESH_MS = 30_000;

/** Ingestion health: what became of the events that were sent, and why some are missing. */
export function IngestionPage() {
  const { project, can } = useProject();
  const search = useSearch({ from: '/signed-in/p/$projectId/ingestion' });
  const navigate = useNavigate();
  const change = (changes: Partial<Record<'range' | 'key' | 'sdk' | 'show', string | undefined>>) =>
    void navigate({ to: '.', search: (before) => changeSearch(before, changes), resetScroll: false });
  const range = findIngestionRange(search.range);
  const sdkId = findSdkId(search.sdk);
  const filter = { key_id: search.key, sdk_id: sdkId };
  const isFiltered = search.key !== undefined || sdkId !== undefined;
  const query = useQuery({
    ...ingestionQuery(project.id, { range: range.value, ...filter }, () =>
      toIngestionQuery(range, filter, Date.now()),
    ),
    placeholderData: keepPreviousData,
    refetchInterval: FRESH_MS,
  });
  const { data: keys = [] } = useQuery({
    ...keysQuery(project.id),
    enabled: can('keys:read'),
    staleTime: 60_000,
  });
  const nameOfKey = useActorNames(keys);
  const isOpen = isFiltered || (query.data?.data.length ?? 0) > 0;
  return (
    <Page
      title="Ingestion health"
      docs="/docs/events#why-are-my-events-missing"
      description="What became of the events that were sent to this project, by the time they arrived."
      actions={
        <>
          <KeySelect keys={keys} value={search.key} nameOf={nameOfKey} onChange={(key) => change({ key })} />
          <SdkSelect value={sdkId} onChange={(sdk) => change({ sdk })} />
          <Segmented
            label="Range"
            value={range.value}
            onChange={(value) => change({ range: value })}
            options={INGESTION_RANGES}
          />
        </>
      }
    >
      <QueryState
        query={query}
        what="Couldn't load ingestion health"
        pending={<IngestionSkeleton />}
        hasCard={query.isError}
      >
        {(answer) => (
          <IngestionContent
            answer={answer}
            range={range}
            isStale={query.isPlaceholderData}
            isFiltered={isFiltered}
            shown={search.show === 'problems' ? 'problems' : 'all'}
            onShow={(shown) => change({ show: shown === 'problems' ? shown : undefined })}
            onWiden={() => change({ range: '30d' })}
            onClear={() => change({ key: undefined, sdk: undefined })}
            nameOfKey={nameOfKey}
          />
        )}
      </QueryState>
      <CollisionsCard />
      {can('events:read') && isOpen && <SamplesCard nameOfKey={nameOfKey} />}
    </Page>
  );
}

type KeySelectProps = {
  keys: readonly ApiKey[];
  value: string | undefined;
  nameOf: (id: string) => string;
  onChange: (id: string | undefined) => void;
};

function KeySelect({ keys, value, nameOf, onChange }: KeySelectProps) {
  const senders = keys.filter(({ scopes }) => scopes.includes('events:write'));
  return (
    <Select
      aria-label="Key"
      className="max-w-56"
      value={value ?? ''}
      onChange={({ target }) => onChange(target.value || undefined)}
    >
      <option value="">All keys</option>
      {value !== undefined && !senders.some(({ id }) => id === value) && (
        <option value={value}>{nameOf(value)}</option>
      )}
      {senders.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
