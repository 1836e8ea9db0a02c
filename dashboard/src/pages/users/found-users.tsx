import { Link } from '@tanstack/react-router';
import { UserRound, UserRoundX } from 'lucide-react';
import type { App } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatAmount } from '../../lib/format.ts';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { useIsNarrow } from '../../lib/use-is-narrow.ts';
import { LoadMore } from './load-more.tsx';
import type { FoundUsersAnswer } from './use-found-users.ts';
import { UserCards } from './user-cards.tsx';
import { UsersTable } from './users-table.tsx';

type FoundUsersProps = {
  found: FoundUsersAnswer;
  app: App | undefined;
  /** Undefined if no filter is set. */
  onClear: (() => void) | undefined;
};

/** The users found, or why there are none. */
export function FoundUsers({ found, app, onClear }: FoundUsersProps) {
  const Users = useIsNarrow() ? UserCards : UsersTable;
  if (!found.isLoaded) {
    if (!found.error) return <SkeletonRows rows={10} />;
    return <ErrorState what="Couldn't load the users" error={found.error} onRetry={found.refetch} />;
  }
  if (found.users.length === 0) return onClear ? <NoMatch onClear={onClear} /> : <NoUsers app={app} />;
  return (
    <div className={cn('transition-opacity', found.isPlaceholderData && 'opacity-60')}>
      <Users users={found.users} currency={app?.currency} />
      <footer className="flex flex-wrap items-center justify-between gap-3 border-t px-5 py-3">
        <LoadMore
          pages={found}
          loaded={formatAmount(found.users.length, 'user')}
          failure="Couldn't load more users. Try again."
        />
      </footer>
    </div>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={UserRoundX}
      title="No users match"
      actions={
        <Button variant="primary" onClick={onClear}>
          Clear filters
        </Button>
      }
    >
      IDs are searched from their start. Filters are case-sensitive and must all match exactly.
    </EmptyState>
  );
}

/** Why there are no users, and how to get the first. */
export function NoUsers({ app }: Pick<FoundUsersProps, 'app'>) {
  const { project } = useProject();
  if (app) {
    return (
      <EmptyState
        icon={UserRound}
        title="No users yet"
        command={sampleEventCommand(window.location.origin, app.id)}
      >
        A user appears with the first event. Replace YOUR_API_KEY with a key of this project.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={UserRound}
      title="No users yet"
      actions={
        <Button asChild variant="primary">
          <Link to="/p/$projectId/apps" params={{ projectId: project.id }}>
            Go to apps
          </Link>
        </Button>
      }
    >
      Every user belongs to an app. Create one first.
    </EmptyState>
  );
}
