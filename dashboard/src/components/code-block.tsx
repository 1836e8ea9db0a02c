import { cn } from '../lib/class-names.ts';
import { CopyButton } from './copy-button.tsx';

type CodeBlockProps = {
  code: string;
  /** What the code is, as in "Copy command". */
  what?: string;
  /** What is copied, if the page shows a shortened text. */
  copied?: string;
  className?: string;
  onCopied?: () => void;
};

/** A scrolling block of commands or code, with a button that copies all of it. */
export function CodeBlock({ code, what = 'command', copied = code, className, onCopied }: CodeBlockProps) {
  return (
    <div className={cn('flex min-w-0 items-start rounded-lg border bg-muted/60', className)}>
      <pre
        className="min-w-0 flex-1 overflow-x-auto py-3 pl-4 font-mono text-[0.78125rem] leading-relaxed"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
        tabIndex={0}
      >
        <code>{code}</code>
      </pre>
      <div className="shrink-0 p-1.5">
        <CopyButton text={copied} what={what} {...(onCopied && { onCopied })} />
      </div>
    </div>
  );
}
