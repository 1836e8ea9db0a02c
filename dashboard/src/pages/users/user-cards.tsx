import type { UserSummary } from '../../api/answers.ts';
import { UserLink } from '../../components/events/user-link.tsx';
import { describeDevice } from '../../components/platform.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatAmount } from '../../lib/format.ts';
import { listRevenue } from './revenue.ts';
import type { UsersTableProps } from './users-table.tsx';

/** Users on phones, last seen first: everything that the table shows, without scrolling sideways. */
export function UserCards({ users, currency }: UsersTableProps) {
  return (
    <ol aria-label="Users, last seen first" className="divide-y">
      {users.map((user) => (
        <li key={user.app_user_id}>
          <UserCard user={user} currency={currency} />
        </li>
      ))}
    </ol>
  );
}

function UserCard({ user, currency }: { user: UserSummary; currency: string | undefined }) {
  const counts = [formatAmount(user.events, 'event'), formatAmount(user.sessions, 'session')];
  return (
    <div className="relative grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-3 gap-y-0.5 px-5 py-3 text-note transition-colors hover:bg-hover/50">
      <span className="truncate">
        <UserLink
          id={user.app_user_id}
          className="font-medium text-sm outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-ring"
        />
      </span>
      <TimeAgo at={user.last_seen} className="relative text-right text-soft text-xs" />
      <span className="truncate text-soft">
        {[...counts, ...listRevenue(user.revenue_by_currency, currency)].join(' · ')}
      </span>
      <span className="text-right text-soft text-xs">{describeDevice(user.last)}</span>
      <span className="col-span-2 text-soft text-xs">
        First seen <TimeAgo at={user.first_seen} className="relative" />
      </span>
    </div>
  );
}
