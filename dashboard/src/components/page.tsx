import { type ReactNode, useEffect } from 'react';
import { cn } from '../lib/class-names.ts';

type PageProps = {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Narrow pages are for reading, wide ones for scanning. */
  isNarrow?: boolean;
  children: ReactNode;
};

/** A page: its heading, actions and content. Sets the title of the browser tab. */
export function Page({ title, description, actions, isNarrow, children }: PageProps) {
  useTitle(title);
  return (
    <div className={cn('mx-auto w-full px-4 py-6 sm:px-8 sm:py-8', isNarrow ? 'max-w-4xl' : 'max-w-7xl')}>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="wrap-anywhere font-semibold text-xl tracking-tight">{title}</h1>
          {description && <p className="mt-0.5 max-w-2xl text-pretty text-sm text-soft">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="grid min-w-0 gap-5">{children}</div>
    </div>
  );
}

/** Sets the title of the browser tab while the page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Appflow`;
  }, [title]);
}
