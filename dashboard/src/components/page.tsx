import { BookOpen } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { cn } from '../lib/class-names.ts';

type PageProps = {
  title: string;
  /** The address of the documentation of this page. */
  docs?: `/docs/${string}`;
  description?: ReactNode;
  actions?: ReactNode;
  /** Narrow pages are for reading, wide ones for scanning. */
  isNarrow?: boolean;
  children: ReactNode;
};

/** A page: its heading, actions and content. Sets the title of the browser tab. */
export function Page({ title, docs, description, actions, isNarrow, children }: PageProps) {
  useTitle(title);
  return (
    <div className={cn('mx-auto w-full px-4 py-6 sm:px-8 sm:py-8', isNarrow ? 'max-w-4xl' : 'max-w-7xl')}>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex items-center gap-1.5">
            <h1 className="wrap-anywhere font-semibold text-xl tracking-tight">{title}</h1>
            {docs && <DocsLink to={docs} />}
          </div>
          {description && <p className="mt-0.5 max-w-2xl text-pretty text-sm text-soft">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="grid min-w-0 gap-5">{children}</div>
    </div>
  );
}

function DocsLink({ to }: { to: string }) {
  return (
    <a
      href={to}
      target="_blank"
      rel="noreferrer"
      aria-label="Documentation of this page (new tab)"
      title="Documentation"
      className="grid size-7 shrink-0 place-items-center rounded-md text-soft transition-colors hover:bg-hover hover:text-foreground"
    >
      <BookOpen className="size-4" aria-hidden />
    </a>
  );
}

/** Sets the title of the browser tab while the page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Appflow`;
  }, [title]);
}
