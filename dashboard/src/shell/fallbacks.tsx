import { useQuery } from '@tanstack/react-query';
import { type ErrorComponentProps, Link, type NotFoundRouteProps, useRouter } from '@tanstack/react-router';
import { Compass, Lock } from 'lucide-react';
import { createContext, type ReactNode, use } from 'react';
import { NotAMember } from '../api/project.ts';
import { isProbablySignedIn, sessionQuery } from '../api/session.ts';
import { useTitle } from '../components/page.tsx';
import { EmptyState, ErrorState } from '../components/states.tsx';
import { Button } from '../components/ui/button.tsx';
import { Skeleton } from '../components/ui/skeleton.tsx';
import { SignOutButton } from './sign-out-button.tsx';

/** Shown while the code of a page is loading. */
export function PagePending() {
  return (
    <div role="status" aria-label="Loading" className="mx-auto grid w-full max-w-7xl gap-5 px-4 py-8 sm:px-8">
      <Skeleton className="h-7 w-44" />
      <Skeleton className="h-40" />
      <Skeleton className="h-64" />
    </div>
  );
}

/** Whether the content is inside the shell, which then provides the `main` landmark. */
export const IsInShell = createContext(false);

function Centered({ children }: { children: ReactNode }) {
  const Landmark = use(IsInShell) ? 'div' : 'main';
  return <Landmark className="grid min-h-dvh place-items-center">{children}</Landmark>;
}

/** Shown if a page could not be loaded, or if the person lost access to its project meanwhile. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (error instanceof NotAMember) return <NoAccess />;
  const retry = async () => {
    reset();
    await router.invalidate();
  };
  return (
    <Centered>
      <div>
        <ErrorState what="Couldn't load this page" error={error} onRetry={retry} isPage className="pb-4" />
        <div className="flex justify-center gap-2">
          <NextSteps />
        </div>
      </div>
    </Centered>
  );
}

/** `notFound({ data: NO_ACCESS })`: the page belongs to a project that does not exist, or of other people. */
export const NO_ACCESS = 'no-access';

/** Shown for unknown URLs. */
export function NotFound({ data }: Pick<NotFoundRouteProps, 'data'>) {
  useTitle('Page not found');
  if (isNoAccess(data)) return <NoAccess />;
  return (
    <Centered>
      <EmptyState icon={Compass} title="Page not found" isPage actions={<NextSteps />}>
        Check the address, or start from the dashboard.
      </EmptyState>
    </Centered>
  );
}

/** The router wraps the data in an object of the same shape. */
function isNoAccess(data: unknown): boolean {
  if (data === NO_ACCESS) return true;
  return typeof data === 'object' && data !== null && 'data' in data && data.data === NO_ACCESS;
}

/** Shown for projects that do not exist, for other people's, and to people who were removed: alike, to reveal nothing. */
function NoAccess() {
  useTitle('No access');
  const { data: session } = useQuery({ ...sessionQuery, enabled: isProbablySignedIn() });
  return (
    <Centered>
      <EmptyState icon={Lock} title="You don't have access to this project" isPage actions={<NextSteps />}>
        Check the link. If you were removed from the project, ask an owner or admin for a new invitation.
        {session && (
          <p className="mt-2">
            You're signed in as <span className="font-medium text-foreground">{session.user.email}</span>.
          </p>
        )}
      </EmptyState>
    </Centered>
  );
}

function NextSteps() {
  return (
    <>
      <Button asChild variant="primary">
        <Link to="/">Go to the dashboard</Link>
      </Button>
      {isProbablySignedIn() && <SignOutButton />}
    </>
  );
}
