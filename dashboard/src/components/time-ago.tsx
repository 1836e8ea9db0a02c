import { formatAgo, formatExact, formatRelative } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';
import { Tooltip } from './ui/tooltip.tsx';

type TimeAgoProps = {
  at: string | null;
  /** The text without a time: `Never`. */
  absent?: string;
  className?: string;
};

/** When something happened, as "5 minutes ago"; the exact time on hover, focus and tap. */
export function TimeAgo({ at, absent = 'Never', className }: TimeAgoProps) {
  const now = useNow();
  if (at === null) return <span className={className ?? 'text-soft'}>{absent}</span>;
  return <RelativeTime at={at} text={formatAgo(at, now)} className={className} />;
}

/** A deadline, as "in 12 days", or "5 minutes ago" once it has passed. The exact time as with `TimeAgo`. */
export function TimeUntil({ at, className }: { at: string; className?: string }) {
  return <RelativeTime at={at} text={formatRelative(at, useNow())} className={className} />;
}

function RelativeTime({ at, text, className }: { at: string; text: string; className: string | undefined }) {
  return (
    <Tooltip content={formatExact(at)} opensOnPress>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable by keyboard (WCAG 2.1.1). */}
      <time dateTime={at} className={className} tabIndex={0}>
        {text}
      </time>
    </Tooltip>
  );
}
