import { type ReactNode, useEffect } from 'react';
import { cn } from '../lib/class-names.ts';

type PageProps = {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Narrow pages are read, wide ones are scanned. */
  isNarrow?: boolean;
  children: ReactNode;
};

/** A page of a project: its one heading, what can be done, its content. Names the browser's tab. */
export function Page({ title, description, actions, isNarrow, children }: PageProps) {
  useTitle(title);
  return (
    <div className={cn('mx-auto w-full px-4 py-6 sm:px-8 sm:py-8', isNarrow ? 'max-w-4xl' : 'max-w-7xl')}>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
          {description && <p className="mt-0.5 max-w-2xl text-pretty text-sm text-soft">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="grid min-w-0 gap-5">{children}</div>
    </div>
  );
}

/** Names the browser's tab while the page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Appflow`;
  }, [title]);
}
