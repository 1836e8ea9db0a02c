import { Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { Tooltip } from './ui/tooltip.tsx';

/** A small "i" that explains what is next to it, on hover, focus and tap. `about` names it: "Sessions". */
export function InfoTip({ about, children }: { about: string; children: ReactNode }) {
  return (
    <Tooltip content={children} looks="explanation" opensOnPress>
      <button
        type="button"
        aria-label={`How it is counted: ${about}`}
        className="relative z-10 inline-grid size-5 shrink-0 place-items-center rounded-full text-soft/80 transition-colors hover:text-foreground"
      >
        <Info className="size-3.5" aria-hidden />
      </button>
    </Tooltip>
  );
}
