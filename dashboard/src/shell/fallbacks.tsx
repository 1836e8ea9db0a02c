import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { createContext, type ReactNode, use } from 'react';
import { useTitle } from '../components/page.tsx';
import { EmptyState, ErrorState } from '../components/states.tsx';
import { Button } from '../components/ui/button.tsx';
import { Skeleton } from '../components/ui/skeleton.tsx';

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

/** Shown if a page could not be loaded. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = async () => {
    reset();
    await router.invalidate();
  };
  return (
    <Centered>
      <ErrorState what="This page could not be loaded" error={error} onRetry={retry} isPage />
    </Centered>
  );
}

/** Shown for unknown URLs and for projects of other people alike. */
export function NotFound() {
  useTitle('Not found');
  return (
    <Centered>
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
    </Centered>
  );
}
