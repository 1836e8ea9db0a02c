import type { ErrorCode } from '../api/errors.ts';

/** A message of an event stream. `id` is what a caller that comes back sends as `Last-Event-ID`. */
export type StreamMessage = { event?: string; id?: string; data?: unknown };

/** Returns a message as text (HTML, "Server-sent events"). JSON has no line ends in it, so data is one line. */
export function renderMessage({ event, id, data }: StreamMessage): string {
  const lines: string[] = [];
  if (id !== undefined) lines.push(`id: ${id}`);
  if (event !== undefined) lines.push(`event: ${event}`);
  if (data !== undefined) lines.push(`data: ${JSON.stringify(data)}`);
  return `${lines.join('\n')}\n\n`;
}

/** A comment that callers pass over: proxies close connections on which nothing comes. */
export const HEARTBEAT = ': heartbeat\n\n';

/** Returns the last words of a stream: the code that the same request would get if it came now. */
export function renderClosed(code: ErrorCode): string {
  return renderMessage({ event: 'closed', data: { code } });
}

/** Returns the first words of a stream: how soon to come back, milliseconds, and after which message if none follows. */
export function renderOpening(retryMs: number, id: string): string {
  return `retry: ${retryMs}\n${renderMessage({ id })}`;
}
