import { TimeAgo } from '../../components/time-ago.tsx';
import { useNow } from '../../lib/now.ts';

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
