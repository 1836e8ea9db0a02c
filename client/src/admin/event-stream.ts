import { AppflowError } from '../api/errors.ts';
import type { ErrorCode, StoredEvent } from '../api/wire.ts';
import { readText, type Silence } from '../http/read-text.ts';
import { type Clock, sleep } from '../runtime/clock.ts';

/** What a stream tells: an event, or how many were missed because they were read too slowly. `id` is where to go on. */
export type StreamMessage = { id: string; event: StoredEvent } | { id: string; missed: number };

/** A server-sent message as it stands. */
type Message = { id?: string; event?: string; data?: string; retryMs?: number };

const RETRY_MS = 1_000;
const RETRY_MS_MIN = 250;
/** The server says something every 15 s; a connection on which two and a half of that pass is gone. */
export const SILENCE_MS_MAX = 37_500;
/** A server that stops or is busy says so; it will be back. */
const PASSING: readonly string[] = ['overloaded', 'storage_unavailable'] satisfies ErrorCode[];

/**
 * Yields what a stream tells, and goes on after the last message when the connection breaks. Throws AppflowError when
 * the server ends it (the key was revoked), the signal's reason when that aborts.
 */
export async function* followStream(
  open: (lastEventId: string | undefined) => Promise<Response>,
  clock: Clock,
  from: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamMessage, void, undefined> {
  let last = from;
  let retryMs = RETRY_MS;
  const silence = { clock, maxMs: SILENCE_MS_MAX };
  for (;;) {
    for await (const message of readMessages(() => open(last), signal, silence)) {
      last = message.id ?? last;
      retryMs = Math.max(RETRY_MS_MIN, message.retryMs ?? retryMs);
      const told = read(message, last ?? '');
      if (told !== undefined) yield told;
    }
    await sleep(clock, retryMs, signal);
  }
}

function read({ event, data = 'null' }: Message, id: string): StreamMessage | undefined {
  if (event === 'event') return { id, event: JSON.parse(data) as StoredEvent };
  if (event === 'gap') return { id, missed: (JSON.parse(data) as { missed: number }).missed };
  if (event !== 'closed') return undefined;
  const { code } = JSON.parse(data) as { code: ErrorCode };
  if (PASSING.includes(code)) return undefined;
  throw new AppflowError(`The server ended the stream: ${code}.`, { code, status: 200 });
}

/** Ends when the connection does, whole, broken or silent; what fails before it stands is thrown. */
async function* readMessages(
  open: () => Promise<Response>,
  signal: AbortSignal | undefined,
  silence: Silence,
) {
  const response = await open();
  let rest = '';
  try {
    for await (const piece of readText(async () => response, signal, silence)) {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield parseMessage(block);
    }
  } catch (error) {
    if (signal?.aborted || error instanceof AppflowError) throw error;
  }
}

/** Reads one block (HTML, "Server-sent events"), in the form the server writes: one line a field, one space. */
function parseMessage(block: string): Message {
  const message: Message = {};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    const [field, value] = [line.slice(0, colon), line.slice(colon + 2)];
    if (field === 'id' || field === 'event' || field === 'data') message[field] = value;
    if (field === 'retry') message.retryMs = Number(value);
  }
  return message;
}
