import { useNavigate } from '@tanstack/react-router';
import type { MouseEvent } from 'react';
import type { UserSummary } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { keepApps, UserLink } from '../../components/events/user-link.tsx';
import { platformName } from '../../components/platform.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { valueLabel } from '../../lib/dimensions.ts';
import { formatCount } from '../../lib/format.ts';
import { listRevenue } from './revenue.ts';

export type UsersTableProps = {
  users: readonly UserSummary[];
  /** The currency that comes first. */
  currency: string | undefined;
};

/** Users, last seen first; a click on a row opens the profile. */
export function UsersTable({ users, currency }: UsersTableProps) {
  const open = useOpenProfile();
  return (
    <Table label="Users, last seen first">
      <thead>
        <HeadRow>
          <Head>User</Head>
          <Head>Platform</Head>
          <Head>Country</Head>
          <Head className="hidden xl:table-cell">App version</Head>
          <Head className="hidden lg:table-cell">First seen</Head>
          <Head>Last seen</Head>
          <Head className="text-right">Events</Head>
          <Head className="text-right">Sessions</Head>
          <Head className="text-right">Revenue</Head>
        </HeadRow>
      </thead>
      <tbody>
        {users.map((user) => (
          <Row key={user.app_user_id} className="cursor-pointer" onClick={() => open(user.app_user_id)}>
            <UserCells user={user} currency={currency} />
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

function UserCells({ user, currency }: { user: UserSummary; currency: string | undefined }) {
  const { platform, country, app_version } = user.last;
  const revenue = listRevenue(user.revenue_by_currency, currency);
  return (
    <>
      <Cell className="max-w-72 truncate font-medium">
        <UserLink id={user.app_user_id} className="min-w-0 truncate" />
      </Cell>
      <Cell className="whitespace-nowrap text-soft">{platform ? platformName(platform) : <Absent />}</Cell>
      <Cell className="max-w-40 truncate text-soft">
        {country ? valueLabel('country', country) : <Absent />}
      </Cell>
      <Cell className="max-w-28 truncate text-soft hidden xl:table-cell">{app_version || <Absent />}</Cell>
      <Cell className="whitespace-nowrap text-soft hidden lg:table-cell" onClick={keepRowClosed}>
        <TimeAgo at={user.first_seen} />
      </Cell>
      <Cell className="whitespace-nowrap" onClick={keepRowClosed}>
        <TimeAgo at={user.last_seen} />
      </Cell>
      <Cell className="text-right tabular-nums">{formatCount(user.events)}</Cell>
      <Cell className="text-right tabular-nums">{formatCount(user.sessions)}</Cell>
      <Cell className="whitespace-nowrap text-right tabular-nums">
        {revenue.length > 0 ? revenue.join(' · ') : <Absent />}
      </Cell>
    </>
  );
}

/** A press on a time shows the exact time. */
const keepRowClosed = (event: MouseEvent) => event.stopPropagation();

const Absent = () => <span className="text-soft">—</span>;

/** Returns a function that opens a profile. Apps stay as selected. */
function useOpenProfile() {
  const { project } = useProject();
  const navigate = useNavigate();
  return (userId: string) =>
    void navigate({
      to: '/p/$projectId/users/$userId',
      params: { projectId: project.id, userId },
      search: keepApps,
    });
}
