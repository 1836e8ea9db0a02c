import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Monitor, Smartphone } from 'lucide-react';
import { toast } from 'sonner';
import { endSession, sessionsQuery } from '../../api/account.ts';
import type { BrowserSession } from '../../api/answers.ts';
import { errorMessage } from '../../api/problem.ts';
import { QueryState } from '../../components/query-state.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { describeBrowser } from './describe-browser.ts';

/** Where the person is signed in, with a button to end each session. */
export function SessionsCard() {
  const sessions = useQuery(sessionsQuery);
  return (
    <Card>
      <CardHeader title="Sessions" description="Sign out any session you don't recognize." />
      <QueryState query={sessions} what="Couldn't load your sessions" pending={<SkeletonRows rows={2} />}>
        {(all) => (
          <ul className="divide-y border-t">
            {all.map((session) => (
              <SessionRow key={session.id} session={session} />
            ))}
          </ul>
        )}
      </QueryState>
    </Card>
  );
}

function SessionRow({ session }: { session: BrowserSession }) {
  const client = useQueryClient();
  const { name, isPhone } = describeBrowser(session.user_agent ?? '');
  const Icon = isPhone ? Smartphone : Monitor;
  const end = useMutation({
    mutationFn: () => endSession(session.id),
    onSuccess: async () => {
      toast.success(`${name} is signed out.`);
      await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
    onError: (error) => toast.error(errorMessage(error)),
  });
  return (
    <li className="flex items-center gap-3.5 px-5 py-3">
      <Icon className="size-5 shrink-0 text-soft" aria-hidden />
      <div className="min-w-0 flex-1">
        <p
          className="flex flex-wrap items-center gap-2 font-medium text-sm"
          title={session.user_agent ?? undefined}
        >
          {name}
          {session.is_current && <Badge tone="good">This browser</Badge>}
        </p>
        <p className="text-soft text-xs">
          {session.ip ?? 'Unknown IP address'} · active <TimeAgo at={session.last_seen_at} /> · signed in{' '}
          <TimeAgo at={session.created_at} />
        </p>
      </div>
      {!session.is_current && (
        <Button size="sm" onClick={() => end.mutate()} isBusy={end.isPending} aria-label={`Sign out ${name}`}>
          Sign out
        </Button>
      )}
    </li>
  );
}
