import { MINUTE_SECONDS } from '../../../../src/lib/durations.ts';
import type { EventRecord } from '../../api/answers.ts';

/** Events in a row that belong to one session of one app, newest first; `sessionId` is null for events without one. */
export type TimelineGroup = {
  /** Unique among the groups, and the same when more of it is loaded. */
  key: string;
  appId: string;
  sessionId: string | null;
  events: [EventRecord, ...EventRecord[]];
};

/**
 * Returns a timeline in groups. Sessions on two devices at the same time alternate: the order of the events matters more
 * than keeping a session together.
 */
export function groupBySession(events: readonly EventRecord[]): TimelineGroup[] {
  const groups: TimelineGroup[] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && last.appId === event.app_id && last.sessionId === event.session_id) {
      last.events.push(event);
      continue;
    }
    groups.push({
      key: `${event.app_id} ${event.event_id} ${event.received_at}`,
      appId: event.app_id,
      sessionId: event.session_id,
      events: [event],
    });
  }
  return groups;
}

/** Returns the seconds from the first event of a group to its last. */
export function groupSeconds({ events }: TimelineGroup): number {
  const [newest] = events;
  const oldest = events.at(-1) ?? newest;
  return Math.round((Date.parse(newest.timestamp) - Date.parse(oldest.timestamp)) / 1_000);
}

/** Returns a duration in seconds for display, rounded down: `45 s`, `12 min`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < MINUTE_SECONDS) return `${seconds} s`;
  const minutes = Math.floor(seconds / MINUTE_SECONDS);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
