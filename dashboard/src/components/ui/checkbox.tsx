import { Check } from 'lucide-react';
import { Checkbox as Primitive } from 'radix-ui';
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from '../../lib/class-names.ts';

type CheckboxProps = Omit<ComponentProps<typeof Primitive.Root>, 'children'> & {
  label: ReactNode;
  hint?: ReactNode;
};

/** A checkbox with label and hint. */
export function Checkbox({ label, hint, className, ...rest }: CheckboxProps) {
  const id = useId();
  return (
    <div className={cn('flex items-start gap-2.5', className)}>
      <Primitive.Root
        id={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded border border-input bg-surface shadow-card transition-colors disabled:opacity-50 data-[state=checked]:border-primary data-[state=checked]:bg-primary"
        {...rest}
      >
        <Primitive.Indicator>
          <Check className="size-3 text-primary-foreground" strokeWidth={3} aria-hidden />
        </Primitive.Indicator>
      </Primitive.Root>
      <div className="min-w-0">
        <label htmlFor={id} className="cursor-pointer text-sm">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-soft text-xs">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
