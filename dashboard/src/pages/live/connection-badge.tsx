import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { cn } from '../../lib/class-names.ts';
import type { Connection } from './connection.ts';

const LABELS: Record<Connection['state'], { tone: Tone; text: string }> = {
  connecting: { tone: 'neutral', text: 'Connecting' },
  open: { tone: 'good', text: 'Live' },
  broken: { tone: 'warn', text: 'Reconnecting' },
  refused: { tone: 'warn', text: 'Rejected, retrying' },
  closed: { tone: 'bad', text: 'Disconnected' },
};

/** The state of the stream. */
export function ConnectionBadge({
  connection: { state },
  isPaused,
}: {
  connection: Connection;
  isPaused: boolean;
}) {
  const { tone, text } =
    isPaused && state === 'open' ? { tone: 'neutral' as const, text: 'Paused' } : LABELS[state];
  const isLive = state === 'open' && !isPaused;
  return (
    <Badge tone={tone} role="status">
      <span className={cn('size-1.5 rounded-full bg-current', isLive && 'animate-pulse')} aria-hidden />
      {text}
    </Badge>
  );
}
