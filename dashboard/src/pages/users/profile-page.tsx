import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { List, Trash2, UserRoundX } from 'lucide-react';
import { useState } from 'react';
import type { App, UserProfile } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { Problem } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { type UserRef, userQuery } from '../../api/users.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import { EraseDialog } from './erase-dialog.tsx';
import { DevicesCard, IdsCard, ProfileTiles, PropertiesCard } from './profile-facts.tsx';
import { TimelineCard } from './timeline-card.tsx';

/** One user: who it is, and what it did. */
export function ProfilePage() {
  const { project } = useProject();
  const { userId = '' } = useParams({ strict: false });
  const { apps, app, isPending, error, retry } = useCurrentApp();
  const isAllApps = useSearch({ strict: false }).apps === ALL_APPS;
  if (app) {
    const user = { projectId: project.id, appId: isAllApps ? ALL_APPS : app.id, id: userId };
    return <Profile key={`${user.appId} ${userId}`} user={user} app={app} apps={apps} />;
  }
  return (
    <Page title={userId}>
      {isPending ? (
        <ProfileSkeleton />
      ) : error ? (
        <ErrorState what="Couldn't load the apps" error={error} onRetry={retry} />
      ) : (
        <NoUser />
      )}
    </Page>
  );
}

type ProfileProps = { user: UserRef; app: App; apps: readonly App[] };

function Profile({ user, app, apps }: ProfileProps) {
  const query = useQuery(userQuery(user));
  const isUnknown = query.error instanceof Problem && query.error.code === 'not_found';
  return (
    <Page
      title={query.data?.app_user_id ?? user.id}
      docs="/docs/privacy"
      actions={query.data && <Actions user={user} profile={query.data} apps={apps} />}
    >
      {isUnknown ? (
        <NoUser />
      ) : (
        <QueryState query={query} what="Couldn't load the user" pending={<ProfileSkeleton />}>
          {(profile) => (
            <>
              <ProfileTiles profile={profile} currency={app.currency} />
              <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
                <div className="grid min-w-0 gap-5 xl:order-last">
                  <PropertiesCard profile={profile} />
                  <IdsCard profile={profile} />
                  <DevicesCard profile={profile} />
                </div>
                <TimelineCard
                  user={user}
                  apps={user.appId === ALL_APPS ? apps : [app]}
                  timezone={app.timezone}
                />
              </div>
            </>
          )}
        </QueryState>
      )}
    </Page>
  );
}

type ActionsProps = { user: UserRef; profile: UserProfile; apps: readonly App[] };

function Actions({ user, profile, apps }: ActionsProps) {
  const { project, can } = useProject();
  const [isErasing, setErasing] = useState(false);
  const isAllApps = user.appId === ALL_APPS;
  return (
    <>
      <CopyButton text={profile.app_user_id} what="ID" hasLabel variant="secondary" />
      {can('events:read') && (
        <Button asChild size="sm">
          <Link
            to="/p/$projectId/events"
            params={{ projectId: project.id }}
            search={{ person: profile.app_user_id, ...(isAllApps && { apps: ALL_APPS }) }}
          >
            <List aria-hidden />
            View events
          </Link>
        </Button>
      )}
      {can('users:delete') && (
        <Button size="sm" variant="danger" onClick={() => setErasing(true)}>
          <Trash2 aria-hidden />
          Erase user
        </Button>
      )}
      {isErasing && (
        <EraseDialog user={user} profile={profile} apps={apps} onClose={() => setErasing(false)} />
      )}
    </>
  );
}

function NoUser() {
  const { project } = useProject();
  const { apps } = useCurrentApp();
  const isAllApps = useSearch({ strict: false }).apps === ALL_APPS;
  return (
    <Card>
      <EmptyState
        icon={UserRoundX}
        title="User not found"
        actions={
          <>
            {!isAllApps && apps.length > 1 && (
              <Button asChild>
                <Link to="." search={(previous) => ({ ...previous, apps: ALL_APPS })}>
                  Look in all apps
                </Link>
              </Button>
            )}
            <Button asChild variant="primary">
              <Link to="/p/$projectId/users" params={{ projectId: project.id }}>
                Go to users
              </Link>
            </Button>
          </>
        }
      >
        No event in {isAllApps ? 'any app of this project' : 'this app'} has this ID, or the user was erased.
        IDs are case-sensitive.
      </EmptyState>
    </Card>
  );
}

function ProfileSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-5">
      <Skeleton className="h-20 rounded-xl" />
      <div className="grid gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <Skeleton className="h-96 rounded-xl" />
        <Skeleton className="h-96 rounded-xl" />
      </div>
    </div>
  );
}
