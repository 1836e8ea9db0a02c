import type { ErrorCode } from '../api/error-codes.ts';

/** A message of an event stream. A client that reconnects sends the last `id` it received as `Last-Event-ID`. */
export type StreamMessage = { event?: string; id?: string; data?: unknown };

/** Returns a message as text (HTML, "Server-sent events"). JSON contains no line breaks, so data fits on one line. */
export function renderMessage({ event, id, data }: StreamMessage): string {
  const lines: string[] = [];
  if (id !== undefined) lines.push(`id: ${id}`);
  if (event !== undefined) lines.push(`event: ${event}`);
  if (data !== undefined) lines.push(`data: ${JSON.stringify(data)}`);
  return `${lines.join('\n')}\n\n`;
}

/**
 * A comment that clients ignore: proxies close idle connections. Without an empty line, at which some clients deliver a
 * message even though it has no data.
 */
export const HEARTBEAT = ': heartbeat\n';

/** Returns the final message of a stream: the error code that the same request would get now. */
export function renderClosed(code: ErrorCode): string {
  return renderMessage({ event: 'closed', data: { code } });
}

/** Returns the first message of a stream: the reconnect delay in milliseconds, and the id to resume from. */
export function renderOpening(retryMs: number, id: string): string {
  return `retry: ${retryMs}\n${renderMessage({ id, event: 'ready', data: {} })}`;
}
