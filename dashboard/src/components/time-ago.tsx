import { formatExact, formatRelative } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';
import { Tooltip } from './ui/tooltip.tsx';

type TimeAgoProps = {
  at: string | null;
  /** The text without a time: `Never`. */
  absent?: string;
  className?: string;
};

/** A time as "5 minutes ago"; the exact time on hover, focus and tap. */
export function TimeAgo({ at, absent = 'Never', className }: TimeAgoProps) {
  const now = useNow();
  if (at === null) return <span className={className ?? 'text-soft'}>{absent}</span>;
  return (
    <Tooltip content={formatExact(at)} opensOnPress>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable by keyboard (WCAG 2.1.1). */}
      <time dateTime={at} className={className} tabIndex={0}>
        {formatRelative(at, now)}
      </time>
    </Tooltip>
  );
}
