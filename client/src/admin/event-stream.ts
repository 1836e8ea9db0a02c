import type { ErrorCode } from '../api/error-code.ts';
import { AppflowError } from '../api/errors.ts';
import type { StoredEvent } from '../api/events.ts';
import { type IdleTimeout, readText } from '../http/read-text.ts';
import { type Clock, sleep } from '../runtime/clock.ts';

/** An event, or the number of events missed because they were read too slowly. `id` is where to resume. */
export type StreamMessage = { id: string; event: StoredEvent } | { id: string; missed: number };

/** A server-sent message. */
type ServerMessage = { id?: string; event?: string; data?: string; retryMs?: number };

const RETRY_MS = 1_000;
const RETRY_MS_MIN = 250;
/** The server sends a heartbeat every 15 s; after two and a half without one, the connection is dead. */
export const IDLE_MS_MAX = 37_500;
/** Sent by a server that is stopping or busy: reconnect. */
const TEMPORARY_CODES: readonly string[] = ['overloaded', 'storage_unavailable'] satisfies ErrorCode[];

/**
 * Yields the messages of a stream; reconnects after the last one if the connection breaks. Throws AppflowError if the server
 * closes it (e.g. the key was revoked), and the signal's reason if it aborts.
 */
export async function* followStream(
  open: (lastEventId: string | undefined) => Promise<Response>,
  clock: Clock,
  from: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamMessage, void, undefined> {
  let lastId = from;
  let retryMs = RETRY_MS;
  const idleTimeout = { clock, ms: IDLE_MS_MAX };
  for (;;) {
    for await (const serverMessage of readMessages(() => open(lastId), signal, idleTimeout)) {
      lastId = serverMessage.id ?? lastId;
      retryMs = Math.max(RETRY_MS_MIN, serverMessage.retryMs ?? retryMs);
      const message = toStreamMessage(serverMessage, lastId ?? '');
      if (message !== undefined) yield message;
    }
    await sleep(clock, retryMs, signal);
  }
}

function toStreamMessage({ event, data = 'null' }: ServerMessage, id: string): StreamMessage | undefined {
  if (event === 'event') return { id, event: JSON.parse(data) as StoredEvent };
  if (event === 'gap') return { id, missed: (JSON.parse(data) as { missed: number }).missed };
  if (event !== 'closed') return undefined;
  const { code } = JSON.parse(data) as { code: ErrorCode };
  if (TEMPORARY_CODES.includes(code)) return undefined;
  throw new AppflowError(`The server closed the stream: ${code}.`, { code, status: 200 });
}

/** Returns when the connection ends, breaks or is idle; throws if it cannot be opened. */
async function* readMessages(
  open: () => Promise<Response>,
  signal: AbortSignal | undefined,
  idleTimeout: IdleTimeout,
) {
  const response = await open();
  let rest = '';
  try {
    for await (const chunk of readText(async () => response, signal, idleTimeout)) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield parseMessage(block);
    }
  } catch (error) {
    if (signal?.aborted || error instanceof AppflowError) throw error;
  }
}

/** Parses one block (HTML, "Server-sent events") as the server writes it: one line per field, one space after the colon. */
function parseMessage(block: string): ServerMessage {
  const message: ServerMessage = {};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    const [field, value] = [line.slice(0, colon), line.slice(colon + 2)];
    if (field === 'id' || field === 'event' || field === 'data') message[field] = value;
    if (field === 'retry') message.retryMs = Number(value);
  }
  return message;
}
