import type { AuditEntry } from '../api/answers.ts';
import { cn } from '../lib/class-names.ts';

const isNothing = (value: unknown) =>
  value === null ||
  value === undefined ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const show = (value: unknown) => (isNothing(value) && value !== false ? '–' : JSON.stringify(value));

/** What an entry of the audit log changed: each field before and after. What a new thing leaves empty is left out. */
export function AuditDiff({
  diff,
  className,
}: {
  diff: NonNullable<AuditEntry['diff']>;
  className?: string;
}) {
  const fields = Object.entries(diff).filter(
    ([, [before, after]]) => !(isNothing(before) && isNothing(after)),
  );
  if (fields.length === 0) return null;
  return (
    <dl className={cn('grid gap-1 rounded-lg bg-muted/70 px-3 py-2 font-mono text-xs', className)}>
      {fields.map(([field, [before, after]]) => (
        <div key={field} className="min-w-0 break-words">
          <dt className="inline text-soft">{field}: </dt>
          <dd className="inline">
            {before !== null && before !== undefined && (
              <>
                <del className="text-bad">{show(before)}</del> <span aria-hidden>→</span>{' '}
              </>
            )}
            <ins className="text-good no-underline">{show(after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}
