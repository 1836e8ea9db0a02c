import { type RefObject, useEffect, useRef } from 'react';
import type { Pages } from './load-more.tsx';

/** The next page is asked for before the end of the list is reached. */
const MARGIN = '600px';

/** Returns a ref for the end of a list: the next page is loaded as it comes into view, unless the last attempt failed. */
export function useLoadAtEnd(pages: Pages): RefObject<HTMLElement | null> {
  const end = useRef<HTMLElement>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const canLoad = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (!canLoad || !end.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void fetchNextPage();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [canLoad, fetchNextPage]);
  return end;
}
