import { Button } from '../../components/ui/button.tsx';
import { cn } from '../../lib/class-names.ts';

/** The part of an infinite query that is used here. */
export type Pages = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => unknown;
};

type LoadMoreProps = {
  pages: Pages;
  /** How many items are loaded: `50 users`. */
  loaded: string;
  /** Shown when the next page failed to load. */
  failure: string;
};

/** How much of a list is loaded, and a button that loads more. */
export function LoadMore({ pages, loaded, failure }: LoadMoreProps) {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  return (
    <>
      <p role="status" className={cn('text-note', isFetchNextPageError ? 'text-bad' : 'text-soft')}>
        {isFetchNextPageError ? failure : hasNextPage ? `${loaded} loaded` : loaded}
      </p>
      {hasNextPage && (
        <Button size="sm" isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}
