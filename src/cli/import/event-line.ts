import { createHash } from 'node:crypto';
import type { Line } from './lines.ts';
import type { RejectedLine } from './totals.ts';

/** The JSON text of an event to send, which carries an `event_id`, or why the line is none. */
export type ParsedLine = { json: string } | { rejected: RejectedLine };

/**
 * Returns a function that turns lines, from the first one on, into events. The text is sent as it stands, because
 * parsing and printing it again would change long numbers. An event without an id gets one made from its line, so
 * that importing the file again changes no number.
 */
export function createLineParser(): (line: Line) => ParsedLine {
  const makeId = createIdMaker();
  return (line) => {
    if ('mistake' in line) return { rejected: rejectLine(line.number, line.mistake) };
    const parsed = parseJson(line.text);
    if ('mistake' in parsed) return { rejected: rejectLine(line.number, parsed.mistake) };
    return {
      json: lacksId(parsed.value) ? withId(line.text, parsed.value, makeId(line.text)) : line.text,
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

/** The server refuses what is no object by itself, so that there is one judge of events. */
function lacksId(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !('event_id' in value) || value.event_id === null;
}

/** Put last, the id also wins over an `"event_id":null` further in front: of equal names JSON.parse takes the last. */
function withId(text: string, event: Record<string, unknown>, id: string): string {
  const comma = Object.keys(event).length === 0 ? '' : ',';
  return `${text.slice(0, -1)}${comma}"event_id":"${id}"}`;
}

/**
 * Ids depend on the line's text, and on how often the same text came before, so that two equal lines are two events.
 * Neither the file nor its other lines matter: a longer export that holds the same lines gives the same ids.
 */
function createIdMaker(): (text: string) => string {
  // 48 bits of the hash stand for a text: it keeps this map small, and a collision only makes an ordinal skip.
  const timesSeen = new Map<number, number>();
  return (text) => {
    const digest = createHash('sha256').update(text).digest();
    const key = digest.readUIntBE(0, 6);
    const ordinal = timesSeen.get(key) ?? 0;
    timesSeen.set(key, ordinal + 1);
    const id = `imp_${digest.toString('hex', 0, 16)}`;
    return ordinal === 0 ? id : `${id}_${ordinal}`;
  };
}
