import { Link } from '@tanstack/react-router';
import { Inbox } from 'lucide-react';
import type { IngestionAnswer } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { EmptyState } from '../../components/states.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Card } from '../../components/ui/card.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatAmount } from '../../lib/format.ts';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { ChartCard, type Shown } from './chart-card.tsx';
import type { IngestionRange } from './ingestion-range.ts';
import { OutcomeTotals } from './outcome-totals.tsx';
import { ReasonsCard } from './reasons-card.tsx';
import { SourcesCard } from './sources-card.tsx';
import { listReasons, listSources, sumCounts } from './summarize.ts';

type IngestionContentProps = {
  answer: IngestionAnswer;
  range: IngestionRange;
  /** It is the answer to an earlier question, shown while the next one loads. */
  isStale: boolean;
  /** Only one key or SDK is shown. */
  isFiltered: boolean;
  shown: Shown;
  onShow: (shown: Shown) => void;
  onWiden: () => void;
  onClear: () => void;
  nameOfKey: (id: string) => string;
};

/** Totals, chart, sources and reasons of a range, or what to do if nothing was received. */
export function IngestionContent(props: IngestionContentProps) {
  const { answer, range, isStale, isFiltered, shown, onShow, onWiden, onClear, nameOfKey } = props;
  const { data } = answer;
  if (data.length === 0) {
    if (isFiltered) return <NothingMatches onClear={onClear} />;
    return range.value === '30d' ? <NothingYet /> : <NothingInRange onWiden={onWiden} />;
  }
  return (
    <div className={cn('grid gap-5 transition-opacity', isStale && 'opacity-60')}>
      <OutcomeTotals totals={sumCounts(data)} />
      <LinkConflicts count={data.reduce((sum, row) => sum + row.link_conflicts, 0)} />
      <ChartCard answer={answer} range={range} shown={shown} onShow={onShow} />
      <ReasonsCard reasons={listReasons(data)} />
      <SourcesCard sources={listSources(data)} nameOfKey={nameOfKey} />
    </div>
  );
}

function LinkConflicts({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Callout tone="warn" title={`${formatAmount(count, 'link')} ignored`}>
      The <Code>$identify</Code> events are stored, but their <Code>anonymous_id</Code> is already linked to
      another user. Apps should create a new one after sign-out.
    </Callout>
  );
}

function NothingMatches({ onClear }: Pick<IngestionContentProps, 'onClear'>) {
  return (
    <Card>
      <EmptyState
        icon={Inbox}
        title="No events match these filters"
        actions={
          <Button variant="primary" onClick={onClear}>
            Clear filters
          </Button>
        }
      />
    </Card>
  );
}

function NothingInRange({ onWiden }: Pick<IngestionContentProps, 'onWiden'>) {
  return (
    <Card>
      <EmptyState
        icon={Inbox}
        title="No events received in this range"
        actions={
          <Button variant="primary" onClick={onWiden}>
            Show 30 days
          </Button>
        }
      >
        No app sent events, or their requests had no valid key: those get 401 and are not counted here. The
        audit log lists failed authentications.
      </EmptyState>
    </Card>
  );
}

function NothingYet() {
  const { project, can } = useProject();
  const { app } = useCurrentApp();
  const params = { projectId: project.id };
  return (
    <Card>
      <EmptyState
        icon={Inbox}
        title="No events received yet"
        command={sampleEventCommand(window.location.origin, app?.id ?? 'YOUR_APP_ID')}
        actions={
          <>
            {can('keys:read') && (
              <Button asChild variant="primary">
                <Link to="/p/$projectId/settings/api-keys" params={params}>
                  Get an API key
                </Link>
              </Button>
            )}
            <Button asChild>
              <Link to="/p/$projectId/docs" params={params}>
                Open the quick start
              </Link>
            </Button>
          </>
        }
      >
        Replace <Code>YOUR_API_KEY</Code> with a key of this project. What becomes of each event shows here
        within seconds.
      </EmptyState>
    </Card>
  );
}
