import { createHash } from 'node:crypto';
import { createRecentMap } from '../../lib/recent-map.ts';
import type { Line } from './lines.ts';
import type { RejectedLine } from './totals.ts';

/** The JSON text of an event with an `event_id`, or why the line was rejected. */
export type ParsedLine = { json: string } | { rejected: RejectedLine };

/**
 * Returns a function that turns lines, starting with the first, into events. The text is sent unchanged, because parsing
 * and reprinting it would change long numbers. An event without an id gets one derived from its line, so that importing
 * the file again counts nothing twice.
 */
export function createLineParser(): (line: Line) => ParsedLine {
  const deriveId = createIdDeriver();
  return (line) => {
    if ('mistake' in line) return { rejected: rejectLine(line.number, line.mistake) };
    const parsed = parseJson(line.text);
    if ('mistake' in parsed) return { rejected: rejectLine(line.number, parsed.mistake) };
    return {
      json: lacksId(parsed.value) ? withId(line.text, parsed.value, deriveId(line.text)) : line.text,
    };
  };
}

function rejectLine(line: number, message: string): RejectedLine {
  return { line, code: 'invalid_json', message };
}

function parseJson(text: string): { value: unknown } | { mistake: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : 'The line is not JSON.' };
  }
}

/** False for JSON that is not an object: the server rejects it, so that events are validated in one place. */
function lacksId(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !('event_id' in value) || value.event_id === null;
}

/** Appends the id. It overrides an earlier `"event_id":null`, because JSON.parse takes the last of equal names. */
function withId(text: string, event: Record<string, unknown>, id: string): string {
  const comma = Object.keys(event).length === 0 ? '' : ',';
  return `${text.slice(0, -1)}${comma}"event_id":"${id}"}`;
}

/** A line that is repeated after more lines without an id than this may get the id that it had before. */
const LINES_REMEMBERED = 1_000_000;

/**
 * Returns a function that derives the id of a line. Ids depend on the line's text and on how often it occurred before, so that two equal lines are two events. The file
 * and its other lines do not matter: a longer export with the same lines gives the same ids. Remembers the last million lines.
 */
export function createIdDeriver(linesRemembered = LINES_REMEMBERED): (text: string) => string {
  // 48 bits of the hash identify a text: that keeps this map small, and a collision only skips an ordinal.
  const timesSeen = createRecentMap<number, number>(linesRemembered);
  return (text) => {
    const digest = createHash('sha256').update(text).digest();
    const key = digest.readUIntBE(0, 6);
    const ordinal = timesSeen.get(key) ?? 0;
    timesSeen.set(key, ordinal + 1);
    const id = `imp_${digest.toString('hex', 0, 16)}`;
    return ordinal === 0 ? id : `${id}_${ordinal}`;
  };
}
