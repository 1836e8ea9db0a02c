import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { callWhenFree } from './call-when-free.ts';
import type { Api } from './harness.ts';

/** The properties of an event that these tests read. */
export type StoredEvent = { event_id: string; app_user_id: string; event_name: string; timestamp: string };

/** Returns the path of a file of real events: `a` (4,857 events of 942 people) or `b` (2,790 events of 363). */
export function contributionsFile(name: 'a' | 'b'): string {
  return join(import.meta.dirname, `../fixtures/contributions-${name}.ndjson.gz`);
}

/** Returns the events of a gzip file with one JSON object per line. */
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
    const { status, body, text } = await callWhenFree(api, 'GET', path, { key });
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`);
    events.push(...body.data);
    cursor = body.next_cursor ?? '';
  } while (cursor !== '');
  return events;
}

/** Returns the number of events per UTC day, in a fixed order. */
export function countByDay(events: readonly StoredEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const day of events.map(({ timestamp }) => timestamp.slice(0, 10)).sort()) {
    counts[day] = (counts[day] ?? 0) + 1;
  }
  return counts;
}

/** Returns the number of different people in the events. */
export function countUsers(events: readonly StoredEvent[]): number {
  return new Set(events.map(({ app_user_id }) => app_user_id)).size;
}
