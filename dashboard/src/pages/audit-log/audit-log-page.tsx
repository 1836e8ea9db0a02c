import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import type { AuditEntry } from '../../api/answers.ts';
import { appsQuery } from '../../api/apps.ts';
import { auditLogQuery } from '../../api/audit-log.ts';
import { keysQuery } from '../../api/keys.ts';
import { useActorNames, useMembers } from '../../api/members.ts';
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
  const entries = log.data?.pages.flatMap(({ data }) => data) ?? [];
  const { nameOf, actors, targets } = useAuditNames(entries);
  return (
    <Page
      title="Audit log"
      docs="/docs/operating#read-the-audit-log"
      description="Who did what, when, and from where. Each entry is chained to the previous one, so tampering can be detected."
      actions={<ExportMenu />}
    >
      <Card>
        <AuditFilters actors={actors} targets={targets} nameOf={nameOf} />
        <QueryState query={log} what="Couldn't load the audit log" pending={<SkeletonRows rows={8} />}>
          {() => <Entries entries={entries} hasMore={log.hasNextPage} names={nameOf} />}
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

type EntriesProps = { entries: readonly AuditEntry[]; hasMore: boolean; names: Names };

function Entries({ entries, hasMore, names }: EntriesProps) {
  if (entries.length > 0) return <AuditTable entries={entries} names={names} />;
  if (hasMore)
    return <p className="p-4 text-center text-soft text-sm">No recent entries match. Show older ones.</p>;
  return (
    <EmptyState icon={ScrollText} title="No entries match your filters">
      Every change to keys, apps, members and settings is recorded here.
    </EmptyState>
  );
}

/** Actors that are neither people nor keys. */
const INSTALLATION = [
  { id: 'cli', name: 'Command line' },
  { id: 'system', name: 'Appflow' },
] as const;

/** Returns what the log can be filtered by, and the names in place of IDs. */
function useAuditNames(entries: readonly AuditEntry[]) {
  const { project, can } = useProject();
  const { data: keys = [] } = useQuery({
    ...keysQuery(project.id),
    enabled: can('keys:read'),
    staleTime: 60_000,
  });
  const { data: apps = [] } = useQuery(appsQuery(project.id));
  const { data: members = [] } = useMembers();
  const actorName = useActorNames(keys);
  // The entries themselves name people who left, and deleted apps.
  const recorded = new Map(
    entries.flatMap(({ actor, target, target_name }) => [
      [target, target_name ?? target] as const,
      [actor.id, actor.name ?? actor.id] as const,
    ]),
  );
  const listed = new Map([...keys, ...apps, project].map(({ id, name }) => [id, name]));
  const nameOf = (id: string) => {
    const name = listed.get(id) ?? actorName(id);
    return name === id ? (recorded.get(id) ?? id) : name;
  };
  const people = { group: 'People', items: members };
  const keyChoices = { group: 'API keys', items: keys };
  return {
    nameOf,
    actors: [people, keyChoices, { group: 'Installation', items: INSTALLATION }],
    targets: [keyChoices, people, { group: 'Apps', items: apps }, { group: 'Project', items: [project] }],
  };
}
