import { type ClassValue, clsx } from 'clsx';
import { twMerge } from 'tailwind-merge';

/** Returns class names joined; of two Tailwind classes for the same thing the later one stays. */
export function cn(...classes: ClassValue[]): string {
  return twMerge(clsx(classes));
}
