import { CircleAlert } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { cn } from '../../lib/class-names.ts';

/** What a field's control must carry to be named, described and marked by its label, hint and mistake. */
export type FieldControl = {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
};

type FieldProps = {
  label: ReactNode;
  /** Stands at the right of the label, e.g. "optional". */
  aside?: ReactNode;
  hint?: ReactNode;
  mistake?: string | undefined;
  className?: string;
  children: (control: FieldControl) => ReactNode;
};

/** A labelled control with its hint and what is wrong with it. `children` gets what the control must carry. */
export function Field({ label, aside, hint, mistake, className, children }: FieldProps) {
  const id = useId();
  const describedBy = mistake ? `${id}-mistake` : hint ? `${id}-hint` : undefined;
  return (
    <div className={cn('grid gap-1.5', className)}>
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        {aside && <span className="text-soft text-xs">{aside}</span>}
      </div>
      {children({ id, 'aria-describedby': describedBy, 'aria-invalid': mistake ? true : undefined })}
      {mistake ? (
        <FieldMistake id={`${id}-mistake`}>{mistake}</FieldMistake>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-soft text-xs">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** What is wrong with a field, told to screen readers as soon as it shows. */
export function FieldMistake({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} role="alert" className="flex items-start gap-1.5 text-bad text-xs">
      <CircleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
      {children}
    </p>
  );
}

/** Several controls under one heading, as one group for screen readers. */
export function FieldGroup({
  label,
  hint,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="mb-1.5 font-medium text-sm">{label}</legend>
      {hint && <p className="-mt-1.5 text-soft text-xs">{hint}</p>}
      {children}
    </fieldset>
  );
}
