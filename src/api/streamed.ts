import type { ErrorCode } from './errors.ts';

/** An answer too long to hold: text in a form of its own, sent as it comes, ended when its caller may not read on. */
export type Streamed = {
  contentType: ExportType | typeof EVENT_STREAM;
  chunks: AsyncIterable<string>;
  /** The apps it tells of; null when it tells of the whole project. */
  appIds: readonly string[] | null;
  /** Ends it with a last word that says why. Absent: it is torn off, as half an export must never look whole. */
  end?: (code: ErrorCode) => void;
};

/** The forms of an export by their names. */
export const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

export type ExportType = (typeof EXPORT_TYPES)[keyof typeof EXPORT_TYPES];

/** The form of an answer that goes on as long as there is something to tell (HTML, "Server-sent events"). */
export const EVENT_STREAM = 'text/event-stream';

/** Returns an export as what a handler may answer in place of its schema; the server streams it. */
export function exportAs(
  contentType: ExportType,
  chunks: AsyncIterable<string>,
  appIds: Streamed['appIds'],
): Streamed {
  return known({ contentType, chunks, appIds });
}

/** Returns an open stream as what the handler of an EVENT_STREAM route answers; its schema is that of a message's data. */
export function streamAs(stream: Required<Omit<Streamed, 'contentType'>>): Streamed {
  return known({ contentType: EVENT_STREAM, ...stream });
}

// Known by identity: no answer of another route can be taken for one by its looks.
const streamed = new WeakSet<object>();

function known(made: Streamed): Streamed {
  streamed.add(made);
  return made;
}

/** Whether an answer is streamed: made by `exportAs` or `streamAs`. */
export function isStreamed(answer: unknown): answer is Streamed {
  return typeof answer === 'object' && answer !== null && streamed.has(answer);
}
