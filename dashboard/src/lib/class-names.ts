import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

/** `text-note` is a size of styles.css; unknown, it would be taken for a colour. */
const merge = extendTailwindMerge({ extend: { theme: { text: ['note'] } } });

/** Returns class names joined; of two Tailwind classes for the same thing the later one stays. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
