import { cn } from '../lib/class-names.ts';
import { CopyButton } from './copy-button.tsx';

type CodeBlockProps = {
  code: string;
  /** What it is, as in "Copy command". */
  what?: string;
  /** What is copied, when the page shows it shortened. */
  copied?: string;
  className?: string;
  onCopied?: () => void;
};

/** Commands or code with a button that copies all of it. Scrolls inside itself. */
export function CodeBlock({ code, what = 'command', copied = code, className, onCopied }: CodeBlockProps) {
  return (
    <div className={cn('group relative min-w-0 rounded-lg border bg-muted/60', className)}>
      <pre
        className="overflow-x-auto py-3 pr-12 pl-4 font-mono text-[0.78125rem] leading-relaxed"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
        tabIndex={0}
      >
        <code>{code}</code>
      </pre>
      <div className="absolute top-1.5 right-0 rounded-l-md bg-muted pr-1.5">
        <CopyButton text={copied} what={what} {...(onCopied && { onCopied })} />
      </div>
    </div>
  );
}
