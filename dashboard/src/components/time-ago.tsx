import { formatExact, formatRelative } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';
import { Tooltip } from './ui/tooltip.tsx';

type TimeAgoProps = {
  at: string | null;
  /** What stands there when there is no time: `Never`. */
  absent?: string;
  className?: string;
};

/** An instant as "5 minutes ago"; exact on hover and focus. */
export function TimeAgo({ at, absent = 'Never', className }: TimeAgoProps) {
  const now = useNow();
  if (at === null) return <span className={className ?? 'text-soft'}>{absent}</span>;
  return (
    <Tooltip content={formatExact(at)}>
      <time dateTime={at} className={className}>
        {formatRelative(at, now)}
      </time>
    </Tooltip>
  );
}
