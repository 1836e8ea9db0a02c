import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

/** `text-note` is a size from styles.css; otherwise it would be taken for a color. */
const merge = extendTailwindMerge({ extend: { theme: { text: ['note'] } } });

/** Returns joined class names. Of two conflicting Tailwind classes the later one wins. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
