import type { AuditEntry } from '../api/answers.ts';
import { wordsOf } from '../api/field-words.ts';
import { formatCount, formatExact } from '../lib/format.ts';

/** One changed field as text. `before` is undefined if it had no value. */
export type Change = { name: string; before: string | undefined; after: string };

const NOTHING = '–';
/** Values that everything starts with, so not worth showing. */
const EMPTY = [NOTHING, 'no'];

/** Returns the changes, one per part of a nested value: `rate limits, events, requests`. Without parts that stay empty. */
export function listChanges(diff: NonNullable<AuditEntry['diff']>): Change[] {
  return Object.entries(diff).flatMap(([field, change]) => {
    const label = wordsOf(field);
    if ('added' in change) return listListChanges(label, change);
    const [before, after] = change.map((value) => toWords(field, value));
    const [was, is] = [partsOf(before), partsOf(after)];
    const names = [...new Set([...was.keys(), ...is.keys()])];
    return names
      .map((name) => ({
        name: [label, name].filter(Boolean).join(', '),
        before: was.get(name),
        after: is.get(name) ?? NOTHING,
      }))
      .filter((change) => change.before !== undefined || !EMPTY.includes(change.after));
  });
}

/** Fields with values from a fixed list, which are identifiers of the API: `read_only`. */
const CHOICES = ['code', 'type', 'platform', 'reason', 'revoked_reason'];

const toWords = (field: string, value: unknown) =>
  CHOICES.includes(field) && typeof value === 'string' ? value.replaceAll('_', ' ') : value;

function listListChanges(
  name: string,
  { added, removed }: { added: unknown[]; removed: unknown[] },
): Change[] {
  const changes: Change[] = [];
  if (added.length > 0)
    changes.push({ name: `${name} added`, before: undefined, after: textOf(added) ?? NOTHING });
  if (removed.length > 0) changes.push({ name: `${name} removed`, before: textOf(removed), after: NOTHING });
  return changes;
}

/** Returns the text of each part of a value by name (empty for a value without parts). Empty values have none. */
function partsOf(value: unknown): Map<string, string> {
  if (!isRecord(value) || isRate(value)) {
    const text = textOf(value);
    return new Map(text === undefined ? [] : [['', text]]);
  }
  return new Map(
    Object.entries(value).flatMap(([name, part]) =>
      [...partsOf(part)].map(([inner, text]) => {
        const path = [wordsOf(name), inner].filter(Boolean).join(', ');
        return [path, text] as const;
      }),
    ),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isRate = (value: Record<string, unknown>): value is { rate: number; burst: number } =>
  typeof value.rate === 'number' && typeof value.burst === 'number';

const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;

function textOf(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatCount(value);
  if (typeof value === 'string') return INSTANT.test(value) ? formatExact(value) : value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(String).join(', ');
  if (isRecord(value) && isRate(value)) {
    return `${formatCount(value.rate)} per second, burst ${formatCount(value.burst)}`;
  }
  return undefined;
}
