import type { AuditEntry } from '../api/answers.ts';
import { cn } from '../lib/class-names.ts';
import { formatAmount } from '../lib/format.ts';
import { listChanges } from './changes.ts';

type AuditDiffProps = { entry: Pick<AuditEntry, 'diff' | 'diff_omitted'>; className?: string };

/** The changes of an audit log entry: each field before and after. */
export function AuditDiff({ entry: { diff = {}, diff_omitted: omitted }, className }: AuditDiffProps) {
  const changes = listChanges(diff);
  if (changes.length === 0) return null;
  return (
    <dl className={cn('grid gap-1 rounded-lg bg-muted/70 px-3 py-2 text-xs', className)}>
      {changes.map(({ name, before, after }) => (
        <div key={name} className="min-w-0 break-words">
          <dt className="inline text-soft">{name}: </dt>
          <dd className="inline">
            {before !== undefined && (
              <>
                <del className="text-bad">{before}</del> <span aria-hidden>→</span>{' '}
              </>
            )}
            <ins className="text-good no-underline">{after}</ins>
          </dd>
        </div>
      ))}
      {omitted !== undefined && (
        <div className="text-soft">{formatAmount(omitted, 'more value')} too long to record</div>
      )}
    </dl>
  );
}
