/**
 * What happened to one field: its value before and after; of a list, only what was added and removed, and of an object,
 * only the members that differ.
 */
export type Change =
  | readonly [before: unknown, after: unknown]
  | { readonly added: readonly unknown[]; readonly removed: readonly unknown[] };

/** The changed fields. Never contains a secret. */
export type Diff = Readonly<Record<string, Change>>;

/** How long a stored diff can be. Values beyond it are left out, and counted. */
export const DIFF_BYTES_MAX = 2_048;

/**
 * Returns the members that differ, as the audit log records a change; undefined if there are none. Lists are compared
 * without regard to order. Members in `except`, such as times that always change, are ignored.
 */
export function diffOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  except: readonly string[] = [],
): Diff | undefined {
  const names = namesIn(before, after).filter((name) => !except.includes(name));
  const changes = names.flatMap((name) => {
    const change = changeOf(before[name], after[name]);
    return change ? [[name, change] as const] : [];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

const namesIn = (...objects: readonly object[]) => [...new Set(objects.flatMap(Object.keys))];

function changeOf(before: unknown, after: unknown): Change | undefined {
  if (JSON.stringify(before ?? null) === JSON.stringify(after ?? null)) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) {
    const [added, removed] = [without(after, before), without(before, after)];
    return added.length + removed.length === 0 ? undefined : { added, removed };
  }
  if (!isRecord(before) || !isRecord(after)) return [before ?? null, after ?? null];
  const members = namesIn(before, after).filter((name) => changeOf(before[name], after[name]));
  return members.length === 0 ? undefined : [pick(before, members), pick(after, members)];
}

function without(list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const known = new Set(others.map((one) => JSON.stringify(one)));
  return list.filter((one) => !known.has(JSON.stringify(one)));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pick = (object: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(object, name)).map((name) => [name, object[name]]));

/** A diff as stored: `omitted` counts the values that were left out. No field has that name. */
type StoredDiff = Record<string, Change | number>;

/** Returns a diff as it is stored: JSON of at most `DIFF_BYTES_MAX` bytes. The shortest changes are kept first. */
export function encodeDiff(diff: Diff): string {
  const whole = JSON.stringify(diff);
  if (Buffer.byteLength(whole) <= DIFF_BYTES_MAX) return whole;
  const kept: StoredDiff = { omitted: Number.MAX_SAFE_INTEGER };
  let [room, omitted] = [DIFF_BYTES_MAX - sizeOf(kept), 0];
  const changes = Object.entries(diff).map(([name, change]) => ({
    name,
    change,
    size: sizeOf({ [name]: change }),
  }));
  for (const { name, change, size } of changes.toSorted((a, b) => a.size - b.size)) {
    const short = size <= room ? { change, omitted: 0 } : shorten(change, room - sizeOf(name) - CHANGE_BYTES);
    omitted += short.omitted;
    const shortSize = sizeOf({ [name]: short.change });
    if (shortSize > room) continue;
    kept[name] = short.change;
    room -= shortSize;
  }
  return JSON.stringify({ ...kept, omitted });
}

/** Returns a stored diff, and how many values were left out of it. Only `encodeDiff` writes what this reads. */
export function decodeDiff(text: string): { diff: Diff; omitted: number } {
  const { omitted = 0, ...diff } = JSON.parse(text) as Record<string, Change> & { omitted?: number };
  return { diff, omitted };
}

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** A change without its values: `:{"added":[],"removed":[]},`. */
const CHANGE_BYTES = 30;

type Short<T> = T & { omitted: number };

function shorten(change: Change, room: number): Short<{ change: Change }> {
  const [before, after] = 'added' in change ? [change.removed, change.added] : change;
  const first = shortenValue(before, room / 2);
  const second = shortenValue(after, room - sizeOf(first.value));
  const omitted = first.omitted + second.omitted;
  if (!('added' in change)) return { change: [first.value, second.value], omitted };
  return { change: { added: second.value as unknown[], removed: first.value as unknown[] }, omitted };
}

/** Returns as many elements or members of a value as fit; null for any other value that does not. */
function shortenValue(value: unknown, room: number): Short<{ value: unknown }> {
  if (sizeOf(value) <= room) return { value, omitted: 0 };
  if (!Array.isArray(value) && !isRecord(value)) return { value: null, omitted: 1 };
  const parts = Object.entries(value);
  let size = 2;
  const count = parts.findIndex((part) => {
    size += sizeOf(part);
    return size > room;
  });
  const kept = parts.slice(0, Math.max(0, count));
  const short = Array.isArray(value) ? kept.map(([, part]) => part) : Object.fromEntries(kept);
  return { value: short, omitted: parts.length - kept.length };
}
