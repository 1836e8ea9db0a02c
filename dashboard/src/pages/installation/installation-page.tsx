import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { Installation } from '../../api/answers.ts';
import { installationQuery } from '../../api/installation.ts';
import { useSession } from '../../api/session.ts';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { Tile } from '../../components/ui/tile.tsx';
import { formatCount } from '../../lib/format.ts';
import { findHome } from '../../shell/home.ts';
import { DiskCard } from './disk-card.tsx';
import { StorageCard } from './storage-card.tsx';

/** The installation, for its owner: release, contents, where the data is, and when the disk is full. */
export function InstallationPage() {
  const home = findHome(useSession());
  const query = useQuery(installationQuery);
  return (
    <main>
      <Page
        isNarrow
        title="Installation"
        docs="/docs/operating#the-installation-page"
        description="All projects on this server together. Only you can see this page."
        actions={
          home && (
            <Button asChild>
              <Link to="/p/$projectId/overview" params={{ projectId: home.id }}>
                <ArrowLeft aria-hidden />
                Back to {home.name}
              </Link>
            </Button>
          )
        }
      >
        <QueryState query={query} what="Couldn't load the installation" hasCard pending={<Pending />}>
          {(installation) => (
            <>
              <ContentsCard installation={installation} />
              <DiskCard disk={installation.disk} />
              <StorageCard installation={installation} />
            </>
          )}
        </QueryState>
      </Page>
    </main>
  );
}

function Pending() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-4 p-5">
      <Skeleton className="h-24" />
      <Skeleton className="h-32" />
      <Skeleton className="h-32" />
    </div>
  );
}

function ContentsCard({
  installation: { version, started_at, counts, events },
}: {
  installation: Installation;
}) {
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 px-5 py-4 sm:grid-cols-4">
        <Tile name="Version">{version}</Tile>
        <Tile name="Started">
          <TimeAgo at={started_at} />
        </Tile>
        <Tile name="Events stored">{events.count === null ? 'Unavailable' : formatCount(events.count)}</Tile>
        <Tile name="Accounts">{formatCount(counts.accounts)}</Tile>
        <Tile name="Projects">{formatCount(counts.projects)}</Tile>
        <Tile name="Apps">{formatCount(counts.apps)}</Tile>
        <Tile name="Active API keys">{formatCount(counts.api_keys)}</Tile>
      </dl>
    </Card>
  );
}
