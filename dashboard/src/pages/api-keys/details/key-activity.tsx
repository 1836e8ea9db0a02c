import { useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import type { ApiKey, AuditEntry } from '../../../api/answers.ts';
import { keyActivityQuery } from '../../../api/audit-log.ts';
import { type ActorNames, useActorNames } from '../../../api/members.ts';
import { useProject } from '../../../api/project.ts';
import { AuditDiff } from '../../../components/audit-diff.tsx';
import { QueryState } from '../../../components/query-state.tsx';
import { EmptyState } from '../../../components/states.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Skeleton } from '../../../components/ui/skeleton.tsx';
import { describeAction } from '../../../lib/audit-actions.ts';

/** What happened to one key, newest first. */
export function KeyActivity({ apiKey, all }: { apiKey: ApiKey; all: readonly ApiKey[] }) {
  const { project } = useProject();
  const nameOf = useActorNames(all);
  const log = useQuery(keyActivityQuery(project.id, apiKey.id));
  return (
    <QueryState query={log} what="Couldn't load the activity" pending={<Skeleton className="h-48" />}>
      {({ data }) =>
        data.length > 0 ? (
          <Entries entries={data} nameOf={nameOf} />
        ) : (
          <EmptyState icon={ScrollText} title="No activity yet" />
        )
      }
    </QueryState>
  );
}

type EntriesProps = { entries: readonly AuditEntry[]; nameOf: ActorNames };

function Entries({ entries, nameOf }: EntriesProps) {
  return (
    <ol className="grid gap-0">
      {entries.map((entry) => (
        <li key={entry.id} className="relative border-l pb-5 pl-5 last:pb-0">
          <span className="absolute top-1.5 -left-[4.5px] size-2 rounded-full bg-primary" aria-hidden />
          <p className="text-sm">
            <span className="font-medium">{describeAction(entry.action)}</span>{' '}
            <span className="text-soft">
              by <bdi>{nameOf(entry.actor.id, 'sentence')}</bdi>
            </span>
          </p>
          <p className="text-soft text-xs">
            <TimeAgo at={entry.at} />
            {entry.ip && ` from ${entry.ip}`}
          </p>
          <AuditDiff entry={entry} className="mt-2" />
        </li>
      ))}
    </ol>
  );
}
