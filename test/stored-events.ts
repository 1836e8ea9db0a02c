import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Api } from './harness.ts';

/** An event as far as these tests look at it. */
export type StoredEvent = { event_id: string; app_user_id: string; event_name: string; timestamp: string };

/** Returns where a file of real events lies: `a` (4,857 events of 942 people) or `b` (2,790 of 363). */
export function contributionsFile(name: 'a' | 'b'): string {
  return join(import.meta.dirname, `fixtures/contributions-${name}.ndjson.gz`);
}

/** Returns the events of a gzip file, one JSON object a line. */
export function readFixture(file: string): StoredEvent[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as StoredEvent);
}

/** Returns every stored event that the key can read, page by page. */
export async function listStoredEvents(api: Api, key: string, appId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  let cursor = '';
  do {
    const path = `/v1/events?app_id=${appId}&limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { status, body } = await api.call('GET', path, { key });
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
    events.push(...body.data);
    cursor = body.next_cursor ?? '';
  } while (cursor !== '');
  return events;
}

/** Returns how many events each UTC day holds, in a fixed order. */
export function countByDay(events: readonly StoredEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const day of events.map(({ timestamp }) => timestamp.slice(0, 10)).sort()) {
    counts[day] = (counts[day] ?? 0) + 1;
  }
  return counts;
}

/** Returns how many people the events are of. */
export function countUsers(events: readonly StoredEvent[]): number {
  return new Set(events.map(({ app_user_id }) => app_user_id)).size;
}
