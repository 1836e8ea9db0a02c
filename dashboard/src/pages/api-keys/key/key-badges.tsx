import { Globe, Server, Smartphone } from 'lucide-react';
import type { ApiKey, KeyType } from '../../../api/answers.ts';
import { TimeUntil } from '../../../components/time-ago.tsx';
import { Badge } from '../../../components/ui/badge.tsx';
import { useNow } from '../../../lib/now.ts';
import { KEY_TYPE_LABELS, STATUS_LABELS } from './key-labels.ts';

const ICONS = { server: Server, client: Smartphone, read_only: Globe } as const;
const TONES = { server: 'info', client: 'good', read_only: 'neutral' } as const;

/** The icon of a key type. */
export function TypeIcon({ type, className }: { type: KeyType; className?: string }) {
  const Icon = ICONS[type];
  return <Icon className={className} aria-hidden />;
}

/** The type of a key. */
export function TypeBadge({ type }: { type: KeyType }) {
  return (
    <Badge tone={TONES[type]}>
      <TypeIcon type={type} />
      {KEY_TYPE_LABELS[type].name}
    </Badge>
  );
}

/** The status of a key. */
export function StatusBadge({ status }: Pick<ApiKey, 'status'>) {
  const { label, tone } = STATUS_LABELS[status];
  return (
    <Badge tone={tone}>
      <span className="size-1.5 rounded-full bg-current" aria-hidden />
      {label}
    </Badge>
  );
}

/** The expiry of a key: "Never expires", "Expires in 12 days", "Expired 3 days ago". */
export function Expiry({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return 'Never expires';
  return (
    <>
      {Date.parse(at) <= now ? 'Expired' : 'Expires'} <TimeUntil at={at} />
    </>
  );
}
