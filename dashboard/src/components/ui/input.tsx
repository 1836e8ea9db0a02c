import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** Styles shared by all text fields. 16 px on phones: their browsers zoom in on smaller text. */
export const FIELD_CLASSES =
  'w-full min-w-0 rounded-md border border-input bg-surface px-3 text-base shadow-card transition-colors placeholder:text-soft/80 focus-visible:border-ring focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-ring/40 disabled:opacity-50 aria-invalid:border-bad sm:text-sm';

/** A single-line text field. */
export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cn(FIELD_CLASSES, 'h-9', className)} {...rest} />;
}

/** A multi-line text field. */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={cn(FIELD_CLASSES, 'min-h-20 py-2', className)} {...rest} />;
}
