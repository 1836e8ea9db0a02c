import type { AuditEntry } from '../audit/audit.ts';

/**
 * Returns which members differ, each with its value before and after, as the audit log tells a change; undefined when
 * none does. Members in `except` (times that always move) are passed over.
 */
export function diffOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  except: readonly string[] = [],
): AuditEntry['diff'] {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !except.includes(name))
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (changed.length === 0) return undefined;
  return Object.fromEntries(
    changed.map((name) => [name, [before[name] ?? null, after[name] ?? null] as const]),
  );
}
