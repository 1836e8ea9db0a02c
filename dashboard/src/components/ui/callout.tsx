import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '../../lib/class-names.ts';

const LOOKS = {
  info: { icon: Info, classes: 'border-ring/25 bg-info-soft', tint: 'text-link' },
  good: { icon: CircleCheck, classes: 'border-good/25 bg-good-soft', tint: 'text-good' },
  warn: { icon: TriangleAlert, classes: 'border-warn/30 bg-warn-soft', tint: 'text-warn' },
  bad: { icon: CircleAlert, classes: 'border-bad/30 bg-bad-soft', tint: 'text-bad' },
} as const;

type CalloutProps = {
  tone?: keyof typeof LOOKS;
  title?: ReactNode;
  /** Announced by screen readers immediately: for something that just happened. */
  isAlert?: boolean;
  actions?: ReactNode;
  children?: ReactNode;
  className?: string;
};

/** A highlighted message. */
export function Callout({ tone = 'info', title, isAlert, actions, children, className }: CalloutProps) {
  const { icon: Icon, classes, tint } = LOOKS[tone];
  return (
    <div
      {...(isAlert && { role: 'alert' })}
      className={cn('flex items-start gap-3 rounded-lg border px-4 py-3 text-sm', classes, className)}
    >
      <Icon className={cn('mt-0.5 size-4 shrink-0', tint)} aria-hidden />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="text-note text-foreground/80">{children}</div>}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
