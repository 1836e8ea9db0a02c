import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { REJECTION_CURES } from '../../../../src/events/ingest/rejection-cures.ts';
import type { IngestionSample } from '../../api/answers.ts';
import { samplesQuery } from '../../api/ingestion.ts';
import { useProject } from '../../api/project.ts';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState } from '../../components/states.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { Select } from '../../components/ui/select.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { changeSearch } from './change-search.ts';
import { findSdkId, nameSdk } from './counted-sdks.ts';
import { SampleSheet } from './sample-sheet.tsx';

const CODES = Object.keys(REJECTION_CURES).sort();

type SamplesCardProps = { nameOfKey: (id: string) => string };

/** The last rejected events of the project, whatever the range. A click opens one. */
export function SamplesCard({ nameOfKey }: SamplesCardProps) {
  const { project } = useProject();
  const { key, sdk, reason, sample: openId } = useSearch({ from: '/signed-in/p/$projectId/ingestion' });
  const navigate = useNavigate();
  const change = (changes: Partial<Record<'reason' | 'sample' | 'key' | 'sdk', string | undefined>>) =>
    void navigate({ to: '.', search: (before) => changeSearch(before, changes), resetScroll: false });
  const filter = {
    ...(reason && { code: reason }),
    ...(key && { key_id: key }),
    ...(sdk && { sdk_id: findSdkId(sdk) }),
  };
  const isFiltered = Object.keys(filter).length > 0;
  const query = useInfiniteQuery(samplesQuery(project.id, filter));
  const samples = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Card id="samples" className="scroll-mt-4 overflow-hidden">
      <CardHeader
        title="Samples of rejected events"
        description="From the last 1,000 rejected events of this project."
        actions={<ReasonSelect reason={reason} onChange={(code) => change({ reason: code })} />}
      />
      <div className="border-t">
        <QueryState query={query} what="Couldn't load the samples" pending={<SkeletonRows rows={5} />}>
          {() =>
            samples.length === 0 ? (
              <NoSamples
                onClear={
                  isFiltered ? () => change({ reason: undefined, key: undefined, sdk: undefined }) : undefined
                }
              />
            ) : (
              <SamplesTable
                samples={samples}
                nameOfKey={nameOfKey}
                onOpen={({ id }) => change({ sample: id })}
              />
            )
          }
        </QueryState>
        {query.hasNextPage && (
          <div className="border-t p-3 text-center">
            <Button size="sm" onClick={() => void query.fetchNextPage()} isBusy={query.isFetchingNextPage}>
              Show older
            </Button>
          </div>
        )}
      </div>
      <SampleSheet
        sample={samples.find(({ id }) => id === openId)}
        nameOfKey={nameOfKey}
        onClose={() => change({ sample: undefined })}
      />
    </Card>
  );
}

type ReasonSelectProps = { reason: string | undefined; onChange: (reason: string | undefined) => void };

function ReasonSelect({ reason, onChange }: ReasonSelectProps) {
  return (
    <Select
      aria-label="Reason"
      className="w-full sm:w-56"
      value={reason ?? ''}
      onChange={({ target }) => onChange(target.value || undefined)}
    >
      <option value="">All reasons</option>
      {reason !== undefined && !CODES.includes(reason) && <option value={reason}>{reason}</option>}
      {CODES.map((code) => (
        <option key={code}>{code}</option>
      ))}
    </Select>
  );
}

function NoSamples({ onClear }: { onClear: (() => void) | undefined }) {
  return (
    <EmptyState
      icon={CircleCheck}
      title={onClear ? 'No samples match your filters' : 'No rejected events'}
      actions={onClear && <Button onClick={onClear}>Clear filters</Button>}
    >
      Events that are not valid appear here within seconds, with the reason and what to send instead.
    </EmptyState>
  );
}

type SamplesTableProps = {
  samples: readonly IngestionSample[];
  nameOfKey: (id: string) => string;
  onOpen: (sample: IngestionSample) => void;
};

function SamplesTable({ samples, nameOfKey, onOpen }: SamplesTableProps) {
  return (
    <Table label="Samples of rejected events, newest first" isStacked>
      <thead>
        <HeadRow>
          <Head>When</Head>
          <Head>Reason</Head>
          <Head>Field</Head>
          <Head>SDK</Head>
          <Head>Name and version</Head>
          <Head>Key</Head>
          <Head className="hidden w-1/3 xl:table-cell">Event</Head>
        </HeadRow>
      </thead>
      <tbody>
        {samples.map((sample) => (
          <Row key={sample.id} className="cursor-pointer" onClick={() => onOpen(sample)}>
            <Cell data-label="When" className="whitespace-nowrap text-soft">
              <TimeAgo at={sample.at} />
            </Cell>
            <Cell className="max-sm:order-first">
              <button
                type="button"
                className="whitespace-nowrap rounded font-medium"
                onClick={(click) => {
                  // The row opens it too; this button is for the keyboard.
                  click.stopPropagation();
                  onOpen(sample);
                }}
              >
                {sample.code}
              </button>
            </Cell>
            <Cell data-label="Field" className="max-w-44 truncate text-soft">
              <bdi className="truncate">{sample.field}</bdi>
            </Cell>
            <Cell data-label="SDK" className="whitespace-nowrap text-soft">
              {nameSdk(sample.sdk_id)}
            </Cell>
            <Cell data-label="Name and version" className="max-w-44 truncate text-soft">
              <bdi className="truncate">{sample.sdk || 'Not named'}</bdi>
            </Cell>
            <Cell data-label="Key" className="max-w-44 truncate text-soft">
              <bdi className="truncate">{nameOfKey(sample.key_id)}</bdi>
            </Cell>
            <Cell className="hidden max-w-0 truncate font-mono max-sm:hidden! text-soft text-xs xl:table-cell">
              {sample.event}
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}
