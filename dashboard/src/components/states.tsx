import { CircleAlert, type LucideIcon, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { errorMessage, Problem } from '../api/problem.ts';
import { cn } from '../lib/class-names.ts';
import { CodeBlock } from './code-block.tsx';
import { Button } from './ui/button.tsx';

type EmptyStateProps = {
  icon?: LucideIcon;
  title: ReactNode;
  children?: ReactNode;
  /** A command that adds the first item. */
  command?: string;
  actions?: ReactNode;
  /** It is the whole page: its title is the page's heading. */
  isPage?: boolean;
  className?: string;
};

/** Says that there is nothing yet and what to do next. */
export function EmptyState(props: EmptyStateProps) {
  const { icon: Icon, title, children, command, actions, isPage, className } = props;
  const Heading = isPage ? 'h1' : 'h3';
  return (
    <div className={cn('mx-auto flex max-w-xl flex-col items-center px-6 py-12 text-center', className)}>
      {Icon && (
        <span className="mb-4 grid size-11 place-items-center rounded-xl border bg-muted text-soft">
          <Icon className="size-5" aria-hidden />
        </span>
      )}
      <Heading className="font-semibold text-[0.9375rem] tracking-tight">{title}</Heading>
      {children && <div className="mt-1 w-full max-w-md text-pretty text-note text-soft">{children}</div>}
      {command && <CodeBlock code={command} className="mt-4 w-full text-left" />}
      {actions && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

type ErrorStateProps = {
  /** The title, as in "Couldn't load the keys". */
  what: string;
  error: unknown;
  onRetry?: () => unknown;
  /** It is the whole page: the title is the page's heading. */
  isPage?: boolean;
  className?: string;
};

/** Says what failed and why, with a retry button. */
export function ErrorState({ what, error, onRetry, isPage, className }: ErrorStateProps) {
  const Heading = isPage ? 'h1' : 'h3';
  const requestId = error instanceof Problem ? error.requestId : undefined;
  return (
    <div role="alert" className={cn('flex flex-col items-center px-6 py-10 text-center', className)}>
      <CircleAlert className="mb-3 size-6 text-bad" aria-hidden />
      <Heading className="font-semibold text-[0.9375rem] tracking-tight">{what}</Heading>
      <p className="mt-1 max-w-md text-pretty text-note text-soft">{errorMessage(error)}</p>
      {requestId && <p className="mt-1 font-mono text-soft text-xs">{requestId}</p>}
      {onRetry && (
        <Button size="sm" className="mt-4" onClick={() => void onRetry()}>
          <RotateCw aria-hidden />
          Try again
        </Button>
      )}
    </div>
  );
}
