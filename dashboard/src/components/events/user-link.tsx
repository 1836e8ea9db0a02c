import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useProject } from '../../api/project.ts';
import { cn } from '../../lib/class-names.ts';

type UserLinkProps = {
  id: string;
  /** The app that the ID was sent to; absent: the apps selected on this page. */
  appId?: string;
  className?: string;
  /** Replaces the ID. */
  children?: ReactNode;
};

/** Returns the search of a link that stays with the apps selected on this page; the router keeps `app`. */
export const keepApps = ({ apps }: { apps?: string }) => (apps === undefined ? {} : { apps });

/** A user's ID, as a link to the profile for members who may see it. */
export function UserLink({ id, appId, className, children = id }: UserLinkProps) {
  const { project, can } = useProject();
  if (!can('users:read')) return <bdi className={className}>{children}</bdi>;
  return (
    <Link
      to="/p/$projectId/users/$userId"
      params={{ projectId: project.id, userId: id }}
      search={(previous) => (appId === undefined ? keepApps(previous) : { app: appId })}
      // The row that contains it may have a click of its own.
      onClick={(event) => event.stopPropagation()}
      className={cn('underline-offset-4 hover:underline', className)}
    >
      <bdi>{children}</bdi>
    </Link>
  );
}
