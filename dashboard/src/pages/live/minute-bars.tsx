import { BarChart } from '../../components/bar-chart.tsx';
import { formatAmount } from '../../lib/format.ts';

/** Events per minute, oldest first. The last bar still grows. */
export function MinuteBars({ minutes }: { minutes: readonly number[] }) {
  const bars = minutes.map((events, index) => {
    const ago = minutes.length - 1 - index;
    const when = ago === 0 ? 'last 60 seconds' : `${formatAmount(ago, 'minute')} ago`;
    return { key: String(ago), events, when, isOpen: ago === 0 };
  });
  return <BarChart label="Events per minute, oldest first" bars={bars} className="min-h-28 flex-1" />;
}
