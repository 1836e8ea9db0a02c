import { Globe, Server, Smartphone } from 'lucide-react';
import type { ApiKey, KeyType } from '../../../api/answers.ts';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Badge } from '../../../components/ui/badge.tsx';
import { useNow } from '../../../lib/now.ts';
import { KEY_TYPE_WORDS, STATUS_WORDS } from './key-labels.ts';

const ICONS = { server: Server, client: Smartphone, read_only: Globe } as const;
const TONES = { server: 'info', client: 'good', read_only: 'neutral' } as const;

/** A type's picture. */
export function TypeIcon({ type, className }: { type: KeyType; className?: string }) {
  const Icon = ICONS[type];
  return <Icon className={className} aria-hidden />;
}

/** What type a key is. */
export function TypeBadge({ type }: { type: KeyType }) {
  return (
    <Badge tone={TONES[type]}>
      <TypeIcon type={type} />
      {KEY_TYPE_WORDS[type].name}
    </Badge>
  );
}

/** In which state a key is. */
export function StatusBadge({ status }: Pick<ApiKey, 'status'>) {
  const { label, tone } = STATUS_WORDS[status];
  return (
    <Badge tone={tone}>
      <span className="size-1.5 rounded-full bg-current" aria-hidden />
      {label}
    </Badge>
  );
}

/** When a key ends, in words: "Never expires", "Expires in 12 days", "Expired 3 days ago". */
export function Expiry({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return 'Never expires';
  return (
    <>
      {Date.parse(at) <= now ? 'Expired' : 'Expires'} <TimeAgo at={at} />
    </>
  );
}
