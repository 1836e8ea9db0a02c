import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import type { AuditEntry } from '../../api/answers.ts';
import { appsQuery } from '../../api/apps.ts';
import { auditLogQuery } from '../../api/audit-log.ts';
import { keysQuery } from '../../api/keys.ts';
import { useActorNames } from '../../api/members.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { toAuditQuery } from './audit-query.ts';
import { AuditTable, type Names } from './audit-table.tsx';
import { ExportMenu } from './export-menu.tsx';

/** The tamper-evident log: who did what, when and from where. */
export function AuditLogPage() {
  const { project } = useProject();
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/audit-log' });
  const query = toAuditQuery(search, Date.now());
  const log = useInfiniteQuery(auditLogQuery(project.id, search, query));
  return (
    <Page
      title="Audit log"
      description="Who did what, when, and from where. Each entry is chained to the previous one, so tampering can be detected."
      actions={<ExportMenu />}
    >
      <Card>
        <AuditFilters />
        <QueryState query={log} what="Couldn't load the audit log" pending={<SkeletonRows rows={8} />}>
          {({ pages }) => <Entries entries={pages.flatMap(({ data }) => data)} hasMore={log.hasNextPage} />}
        </QueryState>
        {log.hasNextPage && (
          <div className="border-t p-3 text-center">
            <Button size="sm" onClick={() => void log.fetchNextPage()} isBusy={log.isFetchingNextPage}>
              Show older
            </Button>
          </div>
        )}
      </Card>
    </Page>
  );
}

function Entries({ entries, hasMore }: { entries: readonly AuditEntry[]; hasMore: boolean }) {
  const names = useNames();
  if (entries.length > 0) return <AuditTable entries={entries} names={names} />;
  if (hasMore)
    return <p className="p-4 text-center text-soft text-sm">No recent entries match. Show older ones.</p>;
  return (
    <EmptyState icon={ScrollText} title="No entries match your filters">
      Every change to keys, apps, members and settings is recorded here.
    </EmptyState>
  );
}

/** Returns names of keys, apps and members in place of their IDs. */
function useNames(): Names {
  const { project, can } = useProject();
  const { data: keys = [] } = useQuery({
    ...keysQuery(project.id),
    enabled: can('keys:read'),
    staleTime: 60_000,
  });
  const { data: apps = [] } = useQuery(appsQuery(project.id));
  const actor = useActorNames(keys);
  const targets = new Map([...keys, ...apps, project].map(({ id, name }) => [id, name]));
  return { actor, target: (id) => targets.get(id) ?? actor(id) };
}
