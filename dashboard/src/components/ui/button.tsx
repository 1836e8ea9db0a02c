import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** The styles of a button, also for links that look like one. */
export const buttonVariants = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors disabled:pointer-events-none disabled:opacity-50 aria-disabled:pointer-events-none aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-primary text-primary-foreground shadow-card hover:bg-primary-hover',
        secondary: 'border border-input bg-surface text-foreground shadow-card hover:bg-hover',
        ghost: 'text-soft hover:bg-hover hover:text-foreground',
        danger: 'border border-bad/40 bg-surface text-bad shadow-card hover:border-bad hover:bg-bad-soft',
        link: 'h-auto! p-0! text-link underline-offset-4 hover:underline',
      },
      size: {
        md: 'h-9 px-3.5 text-sm',
        sm: 'h-8 px-3 text-note',
        icon: 'size-9',
        'icon-sm': 'size-8',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
);

type ButtonProps = ComponentProps<'button'> &
  VariantProps<typeof buttonVariants> & {
    /** Renders its child with the styles of a button: for links. */
    asChild?: boolean;
    /** Shows a spinner and ignores further clicks. */
    isBusy?: boolean;
  };

/** A button. `type="button"` by default, so that none submits a form by accident. */
export function Button({
  className,
  variant,
  size,
  asChild,
  isBusy,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  const classes = cn(buttonVariants({ variant, size }), className);
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button type="button" className={classes} disabled={disabled || isBusy} aria-busy={isBusy} {...rest}>
      {isBusy && <LoaderCircle className="animate-spin" aria-hidden />}
      {children}
    </button>
  );
}
