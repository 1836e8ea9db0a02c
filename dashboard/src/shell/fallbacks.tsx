import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { createContext, type ReactNode, use } from 'react';
import { useTitle } from '../components/page.tsx';
import { EmptyState, ErrorState } from '../components/states.tsx';
import { Button } from '../components/ui/button.tsx';
import { Skeleton } from '../components/ui/skeleton.tsx';

/** Stands in for a page whose code is still on its way. */
export function PagePending() {
  return (
    <div role="status" aria-label="Loading" className="mx-auto grid w-full max-w-7xl gap-5 px-4 py-8 sm:px-8">
      <Skeleton className="h-7 w-44" />
      <Skeleton className="h-40" />
      <Skeleton className="h-64" />
    </div>
  );
}

/** Whether what is shown stands in the frame of a project's pages, which is the landmark then. */
export const IsFramed = createContext(false);

function Alone({ children }: { children: ReactNode }) {
  const Landmark = use(IsFramed) ? 'div' : 'main';
  return <Landmark className="grid min-h-dvh place-items-center">{children}</Landmark>;
}

/** What a page shows when it could not be made at all. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = async () => {
    reset();
    await router.invalidate();
  };
  return (
    <Alone>
      <ErrorState what="This page could not be loaded" error={error} onRetry={retry} isPage />
    </Alone>
  );
}

/** An address that leads nowhere, or to a project of other people: both look the same. */
export function NotFound() {
  useTitle('Not found');
  return (
    <Alone>
      <EmptyState
        icon={Compass}
        title="There is nothing here"
        isPage
        actions={
          <Button asChild variant="primary">
            <Link to="/">Go to the dashboard</Link>
          </Button>
        }
      >
        The address is wrong, or it belongs to a project you are not a member of.
      </EmptyState>
    </Alone>
  );
}
