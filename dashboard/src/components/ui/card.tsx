import type { ComponentProps, ReactNode } from 'react';
import { cn } from '../../lib/class-names.ts';

/** A card. */
export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section className={cn('rounded-xl border bg-surface shadow-card', className)} {...rest} />;
}

type CardHeaderProps = {
  title: ReactNode;
  description?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  className?: string;
};

/** A card's title, description and actions. */
export function CardHeader({ title, description, actions, className }: CardHeaderProps) {
  return (
    <header
      className={cn('flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 pt-4 pb-3', className)}
    >
      <div className="min-w-0">
        <h2 className="font-semibold text-[0.9375rem] leading-6 tracking-tight">{title}</h2>
        {description && <p className="max-w-prose text-note text-soft">{description}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** A card's content. */
export function CardBody({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('px-5 pb-5', className)} {...rest} />;
}
