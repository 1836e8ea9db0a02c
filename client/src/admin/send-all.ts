import { AppflowError } from '../api/errors.ts';
import type { BatchAnswer, EventInput, RejectedEvent } from '../api/events.ts';
import { unexpectedAnswer } from '../http/transport.ts';

/** Event counts so far; `events` counts everything read from the source and processed. */
export type SendAllAnswer = { events: number; accepted: number; duplicates: number; rejected: number };

/** The counts after a batch, and its rejected events; `index` is the position in the whole source. */
export type Progress = SendAllAnswer & { rejections: RejectedEvent[] };

export type SendAllOptions = {
  appId?: string;
  /** Whether event names of any form are accepted: `Order Completed` is stored as `order_completed`. Default: false. */
  normalizeNames?: boolean;
  /** Events per batch, 1 to 1,000; default 1,000. */
  batchSize?: number;
  /** Called after each batch, in order; awaited before the next batch, so that it can store where to resume. */
  onProgress?: (progress: Progress) => void | Promise<void>;
  signal?: AbortSignal;
};

/** An event to send, or its JSON text, which is sent unchanged: long numbers keep every digit. */
export type Sendable = EventInput | string;

/** Sends events given as JSON text. */
type Send = (
  events: readonly string[],
  options: Pick<SendAllOptions, 'appId' | 'normalizeNames' | 'signal'>,
) => Promise<BatchAnswer>;

type BatchCounts = Pick<BatchAnswer, 'accepted' | 'duplicates' | 'rejected'>;

const BATCH_SIZE = 1_000;
// Below the server's 5 MB even if every character takes three bytes, with room for the envelope around the events.
const BATCH_CHARACTERS_MAX = 1_600_000;

/**
 * Sends every event of a source, batch by batch; `serialize` returns the JSON text of one. Throws AppflowError, any error of
 * the source, or the signal's reason.
 */
export async function sendAll(
  send: Send,
  serialize: (event: Sendable) => string,
  source: AsyncIterable<Sendable> | Iterable<Sendable>,
  options: SendAllOptions = {},
): Promise<SendAllAnswer> {
  const { batchSize = BATCH_SIZE, onProgress, ...sendOptions } = options;
  const { signal } = options;
  let total: SendAllAnswer = { events: 0, accepted: 0, duplicates: 0, rejected: 0 };
  for await (const batch of readBatches(source, serialize, batchSize)) {
    signal?.throwIfAborted();
    const result = await sendBatch(send, batch, sendOptions);
    const rejections = result.rejected.map((each) => ({ ...each, index: each.index + total.events }));
    total = {
      events: total.events + batch.length,
      accepted: total.accepted + result.accepted,
      duplicates: total.duplicates + result.duplicates,
      rejected: total.rejected + rejections.length,
    };
    await onProgress?.({ ...total, rejections });
  }
  return total;
}

/** Sends a batch, halving it as long as it is too large (413) or too slow for the network (408). */
async function sendBatch(
  send: Send,
  batch: readonly string[],
  options: Parameters<Send>[1],
): Promise<BatchCounts> {
  try {
    const answer = await send(batch, options);
    // JSON of some other server must not pass for "everything is stored".
    if (!Array.isArray(answer?.rejected)) throw unexpectedAnswer({ status: 200 });
    return answer;
  } catch (error) {
    const { status } = error as Partial<AppflowError>;
    const canSplit = status === 413 || (status === 408 && batch.length > 1);
    if (!(error instanceof AppflowError) || !canSplit) throw error;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined)
      return { accepted: 0, duplicates: 0, rejected: [tooLarge(only, error)] };
  }
  const middle = Math.ceil(batch.length / 2);
  const front = await sendBatch(send, batch.slice(0, middle), options);
  const back = await sendBatch(send, batch.slice(middle), options);
  const shifted = back.rejected.map((each) => ({ ...each, index: each.index + middle }));
  return {
    accepted: front.accepted + back.accepted,
    duplicates: front.duplicates + back.duplicates,
    rejected: [...front.rejected, ...shifted],
  };
}

function tooLarge(event: string, { code, message }: AppflowError): RejectedEvent {
  const { event_id } = (JSON.parse(event) ?? {}) as EventInput;
  return { index: 0, ...(event_id === undefined ? {} : { event_id }), code, field: 'event', message };
}

async function* readBatches(
  source: AsyncIterable<Sendable> | Iterable<Sendable>,
  serialize: (event: Sendable) => string,
  size: number,
) {
  let batch: string[] = [];
  let characters = 0;
  for await (const event of source) {
    const json = serialize(event);
    if (batch.length >= size || (batch.length > 0 && characters + json.length > BATCH_CHARACTERS_MAX)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(json);
    characters += json.length;
  }
  if (batch.length > 0) yield batch;
}
