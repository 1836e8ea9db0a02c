import { Link } from '@tanstack/react-router';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatCount, formatShare } from '../../lib/format.ts';
import { findSdkId, nameSdk } from './counted-sdks.ts';
import { rejectedShare, type SourceCounts } from './summarize.ts';

/** What the API adds up further keys and SDKs as, when they are too many. */
const OTHER_SOURCES = 'other';

/** Above this share of rejected events, something is broken. */
const BAD_SHARE = 0.05;

type SourcesCardProps = { sources: readonly SourceCounts[]; nameOfKey: (id: string) => string };

/** What became of the events of each key and SDK. */
export function SourcesCard({ sources, nameOfKey }: SourcesCardProps) {
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title="Keys and SDKs"
        description="A high share of rejected events usually means one broken release of an app."
      />
      <Table label="Keys and SDKs" isStacked className="border-t">
        <thead>
          <HeadRow>
            <Head>Key</Head>
            <Head>SDK</Head>
            <Head>Name and version</Head>
            <Head className="text-right">Accepted</Head>
            <Head className="text-right">Duplicates</Head>
            <Head className="text-right">Rejected</Head>
            <Head className="text-right">Rejected share</Head>
            <Head className="text-right">Refused requests</Head>
          </HeadRow>
        </thead>
        <tbody>
          {sources.map((source) => (
            <SourceRow
              key={`${source.keyId} ${source.sdkId} ${source.sdk}`}
              source={source}
              nameOfKey={nameOfKey}
            />
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function SourceRow({ source, nameOfKey }: { source: SourceCounts; nameOfKey: (id: string) => string }) {
  const { keyId, sdkId, sdk, accepted, duplicates, rejected, refused } = source;
  const share = rejectedShare(source);
  const isBad = share !== undefined && share >= BAD_SHARE;
  return (
    <Row>
      <Cell data-label="Key" className="max-w-52 truncate">
        {keyId === OTHER_SOURCES ? (
          <span className="font-medium">Other keys and SDKs</span>
        ) : (
          <Link
            to="."
            search={(search) => ({ ...search, key: keyId })}
            resetScroll={false}
            title={`Show only this key: ${keyId}`}
            className="truncate rounded font-medium hover:underline"
          >
            {nameOfKey(keyId)}
          </Link>
        )}
      </Cell>
      <Cell data-label="SDK" className="whitespace-nowrap">
        {findSdkId(sdkId) ? (
          <Link
            to="."
            search={(search) => ({ ...search, sdk: sdkId })}
            resetScroll={false}
            title={`Show only ${nameSdk(sdkId)}`}
            className="rounded hover:underline"
          >
            {nameSdk(sdkId)}
          </Link>
        ) : (
          <span className="text-soft">—</span>
        )}
      </Cell>
      <Cell data-label="Name and version" className="max-w-52">
        {sdk === '' ? (
          <span className="text-soft">Not named</span>
        ) : (
          <code className="block truncate font-mono text-[0.78125rem]">{sdk}</code>
        )}
      </Cell>
      <Count label="Accepted" value={accepted} />
      <Count label="Duplicates" value={duplicates} />
      <Count label="Rejected" value={rejected} />
      <Cell
        data-label="Rejected share"
        className={cn('text-right tabular-nums', isBad ? 'font-medium text-bad' : 'text-soft')}
      >
        {share === undefined ? '—' : formatShare(share)}
      </Cell>
      <Count label="Refused requests" value={refused} />
    </Row>
  );
}

function Count({ label, value }: { label: string; value: number }) {
  return (
    <Cell data-label={label} className={cn('text-right tabular-nums', value === 0 && 'text-soft')}>
      {formatCount(value)}
    </Cell>
  );
}
