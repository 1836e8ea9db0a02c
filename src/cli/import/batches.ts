import { createLineParser, type Item, type ParsedLine } from './event-line.ts';
import type { Line } from './lines.ts';
import type { RejectedLine } from './totals.ts';

/** Lines that are sent, or told as rejected, together; `lastLine` is the number of the last of them. */
export type Batch = { items: Item[]; rejected: RejectedLine[]; lastLine: number };

export type BatchOptions = {
  /** Lines up to this number are done already. */
  afterLine: number;
  /** Lines in a batch. */
  size: number;
  /** Bytes of a batch; a single larger event still makes one. */
  bytesMax?: number;
};

/** Below the server's 5 MB by more than the envelope around the events. */
const BATCH_BYTES_MAX = 5_000_000;

/** Groups lines into batches. When reading fails, what came before is handed out first. */
export async function* readBatches(
  lines: AsyncIterable<Line>,
  { afterLine, size, bytesMax = BATCH_BYTES_MAX }: BatchOptions,
): AsyncGenerator<Batch> {
  // Lines already done are parsed too: how often a line came before is part of the ids made for later ones.
  const parseLine = createLineParser();
  let open = startBatch(afterLine);
  let failure: { error: unknown } | undefined;
  try {
    for await (const line of lines) {
      const parsed = parseLine(line);
      if (line.number <= afterLine) continue;
      if (!hasRoom(open, parsed, size, bytesMax)) {
        yield open.batch;
        open = startBatch(line.number);
      }
      add(open, parsed, line.number);
    }
  } catch (error) {
    failure = { error };
  }
  if (linesOf(open.batch) > 0) yield open.batch;
  if (failure) throw failure.error;
}

type OpenBatch = { batch: Batch; bytes: number };

const startBatch = (lastLine: number): OpenBatch => ({
  batch: { items: [], rejected: [], lastLine },
  bytes: 0,
});

const linesOf = ({ items, rejected }: Batch) => items.length + rejected.length;

const bytesOf = (parsed: ParsedLine) => ('item' in parsed ? Buffer.byteLength(parsed.item.json) + 1 : 0);

function hasRoom({ batch, bytes }: OpenBatch, parsed: ParsedLine, size: number, bytesMax: number): boolean {
  if (linesOf(batch) === 0) return true;
  return linesOf(batch) < size && bytes + bytesOf(parsed) <= bytesMax;
}

function add(open: OpenBatch, parsed: ParsedLine, line: number): void {
  if ('item' in parsed) open.batch.items.push(parsed.item);
  else open.batch.rejected.push(parsed.rejected);
  open.batch.lastLine = line;
  open.bytes += bytesOf(parsed);
}
