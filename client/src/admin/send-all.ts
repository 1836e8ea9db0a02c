import { AppflowError } from '../api/errors.ts';
import type { BatchAnswer, EventInput, RejectedEvent } from '../api/wire.ts';
import { notOurs } from '../http/transport.ts';

/** What is done so far, in numbers of events; `events` counts all that were taken from the source and dealt with. */
export type SendAllAnswer = { events: number; accepted: number; duplicates: number; rejected: number };

/** The same after a batch, with the events of that batch that were refused; `index` counts from the source's first. */
export type Progress = SendAllAnswer & { rejections: RejectedEvent[] };

export type SendAllOptions = {
  appId?: string;
  /** Events a batch, 1 to 1,000, which is the default. */
  batchSize?: number;
  /** Told after each batch, in order; awaited before the next one leaves, so that it can store where to go on. */
  onProgress?: (progress: Progress) => void | Promise<void>;
  signal?: AbortSignal;
};

/** An event to send, or its JSON text, which is sent as it stands: long numbers keep every digit. */
export type Sendable = EventInput | string;

/** Sends events that are JSON texts. */
type Send = (
  events: readonly string[],
  options: { appId?: string; signal?: AbortSignal },
) => Promise<BatchAnswer>;

type Delivery = Pick<BatchAnswer, 'accepted' | 'duplicates' | 'rejected'>;

const BATCH_SIZE = 1_000;
// Below the server's 5 MB even when every character takes three bytes, and by more than the envelope around the events.
const BATCH_CHARACTERS_MAX = 1_600_000;

/**
 * Sends every event of a source, batch after batch; `print` returns the JSON text of one. Throws AppflowError, what the
 * source throws, or the abort's reason.
 */
export async function sendAll(
  send: Send,
  print: (event: Sendable) => string,
  source: AsyncIterable<Sendable> | Iterable<Sendable>,
  options: SendAllOptions = {},
): Promise<SendAllAnswer> {
  const { appId, signal, onProgress, batchSize = BATCH_SIZE } = options;
  const sendOptions = { ...(appId === undefined ? {} : { appId }), ...(signal ? { signal } : {}) };
  let total: SendAllAnswer = { events: 0, accepted: 0, duplicates: 0, rejected: 0 };
  for await (const batch of readBatches(source, print, batchSize)) {
    signal?.throwIfAborted();
    const delivery = await deliver(send, batch, sendOptions);
    const rejections = delivery.rejected.map((each) => ({ ...each, index: each.index + total.events }));
    total = {
      events: total.events + batch.length,
      accepted: total.accepted + delivery.accepted,
      duplicates: total.duplicates + delivery.duplicates,
      rejected: total.rejected + rejections.length,
    };
    await onProgress?.({ ...total, rejections });
  }
  return total;
}

/** Sends a batch, halved as often as it is too large. */
async function deliver(
  send: Send,
  batch: readonly string[],
  options: Parameters<Send>[1],
): Promise<Delivery> {
  try {
    const answer = await send(batch, options);
    // Some other server's JSON must not be taken for "all of it is stored".
    if (!Array.isArray(answer?.rejected)) throw notOurs({ status: 200 });
    return answer;
  } catch (error) {
    if (!(error instanceof AppflowError) || error.status !== 413) throw error;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined)
      return { accepted: 0, duplicates: 0, rejected: [tooLarge(only, error)] };
  }
  const middle = Math.ceil(batch.length / 2);
  const front = await deliver(send, batch.slice(0, middle), options);
  const back = await deliver(send, batch.slice(middle), options);
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
  print: (event: Sendable) => string,
  size: number,
) {
  let batch: string[] = [];
  let characters = 0;
  for await (const event of source) {
    const json = print(event);
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
