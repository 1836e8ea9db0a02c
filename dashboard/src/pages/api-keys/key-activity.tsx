import { useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { useActorNames } from '../../api/actors.ts';
import type { ApiKey, AuditEntry, Page } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { useProject } from '../../api/project.ts';
import { AuditDiff } from '../../components/audit-diff.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { describeAction } from '../../lib/audit-actions.ts';

/** What happened to one key, newest first. */
export function KeyActivity({ subject, all }: { subject: ApiKey; all: readonly ApiKey[] }) {
  const { project, path } = useProject();
  const nameOf = useActorNames(all);
  const log = useQuery({
    queryKey: ['projects', project.id, 'audit-log', { target: subject.id }],
    queryFn: ({ signal }) =>
      api<Page<AuditEntry>>('GET', path('/audit-log'), { query: { target: subject.id, limit: 100 }, signal }),
  });
  if (log.isPending) return <Skeleton className="h-48" />;
  if (log.isError) {
    return <ErrorState what="The activity could not be loaded" error={log.error} onRetry={log.refetch} />;
  }
  if (log.data.data.length === 0) {
    return <EmptyState icon={ScrollText} title="Nothing happened yet" />;
  }
  return (
    <ol className="grid gap-0">
      {log.data.data.map((entry) => (
        <li key={entry.id} className="relative border-l pb-5 pl-5 last:pb-0">
          <span className="absolute top-1.5 -left-[4.5px] size-2 rounded-full bg-primary" aria-hidden />
          <p className="text-sm">
            <span className="font-medium">{describeAction(entry.action)}</span>{' '}
            <span className="text-soft">by {nameOf(entry.actor.id)}</span>
          </p>
          <p className="text-soft text-xs">
            <TimeAgo at={entry.at} />
            {entry.ip && ` from ${entry.ip}`}
          </p>
          {entry.diff && <AuditDiff diff={entry.diff} className="mt-2" />}
        </li>
      ))}
    </ol>
  );
}
