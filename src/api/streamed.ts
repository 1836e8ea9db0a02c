import type { ErrorCode } from './error-codes.ts';

/** An answer too long to hold in memory: sent as it is read, and ended when its caller loses permission. */
export type Streamed = {
  contentType: ExportType | typeof EVENT_STREAM;
  chunks: AsyncIterable<string>;
  /** The apps it is about; null for the whole project. */
  appIds: readonly string[] | null;
  /** Ends it with a message that says why. If missing, it is an export, which must never look complete when it is not. */
  end?: (code: ErrorCode) => void;
};

/** The content types of an export, by format. */
export const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

/** One of the content types of an export. */
export type ExportType = (typeof EXPORT_TYPES)[keyof typeof EXPORT_TYPES];

/** The content type of a live stream (HTML, "Server-sent events"). */
export const EVENT_STREAM = 'text/event-stream';

/** Returns an export, which a handler may answer instead of its schema; the server streams it. */
export function exportAs(
  contentType: ExportType,
  chunks: AsyncIterable<string>,
  appIds: Streamed['appIds'],
): Streamed {
  return register({ contentType, chunks, appIds });
}

/** Returns a live stream, as the answer of an EVENT_STREAM route. The route's schema is that of a message's data. */
export function streamAs(stream: Required<Omit<Streamed, 'contentType'>>): Streamed {
  return register({ contentType: EVENT_STREAM, ...stream });
}

// By identity: no other answer can be mistaken for a stream because of its shape.
const streamed = new WeakSet<object>();

function register(answer: Streamed): Streamed {
  streamed.add(answer);
  return answer;
}

/** Whether an answer is streamed, that is, created by `exportAs` or `streamAs`. */
export function isStreamed(answer: unknown): answer is Streamed {
  return typeof answer === 'object' && answer !== null && streamed.has(answer);
}
