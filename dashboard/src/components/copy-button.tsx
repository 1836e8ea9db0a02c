import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { copyText } from './copy-text.ts';
import { Button } from './ui/button.tsx';

const SHOWN_MS = 1_600;

type CopyButtonProps = {
  text: string;
  /** What is copied, as in "Copy key": the button's accessible name. */
  what: string;
  /** Shows the words beside the icon. */
  hasLabel?: boolean;
  variant?: 'primary' | 'secondary' | 'ghost';
  onCopied?: () => void;
};

/** Copies `text` and confirms it. */
export function CopyButton({ text, what, hasLabel, variant = 'ghost', onCopied }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    if (!(await copyText(text))) return toast.error("Couldn't copy. Select the text and copy it manually.");
    setCopied(true);
    onCopied?.();
  };
  const Icon = isCopied ? Check : Copy;
  return (
    <Button
      variant={variant}
      size={hasLabel ? 'sm' : 'icon-sm'}
      aria-label={hasLabel ? undefined : `Copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon className={isCopied ? 'text-good' : undefined} aria-hidden />
      <span aria-live="polite" className={hasLabel ? undefined : 'sr-only'}>
        {isCopied ? 'Copied' : hasLabel && `Copy ${what}`}
      </span>
    </Button>
  );
}
