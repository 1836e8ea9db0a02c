import { type Batch, readBatches } from './batches.ts';
import { splitLines } from './lines.ts';
import type { Progress } from './progress.ts';
import type { Resume } from './resume.ts';
import { type Outside, sendEvents, type Target } from './send.ts';
import type { Source } from './source.ts';
import { addDelivery, type Totals } from './totals.ts';

export type Import = {
  source: Pick<Source, 'bytes' | 'readBytes'>;
  target: Target;
  batchSize: number;
  /** What an earlier run came to; its lines are passed over. */
  start: Totals;
  resume: Resume;
  progress: Pick<Progress, 'update'>;
};

/**
 * Sends every line of the source and returns what it came to. One batch at a time: the server's default limits are
 * reached so too, and "all lines up to here are done" stays true at every moment.
 */
export async function importEvents(job: Import, outside: Outside): Promise<Totals> {
  let totals = job.start;
  const lines = splitLines(job.source.bytes);
  for await (const batch of readBatches(lines, { afterLine: totals.line, size: job.batchSize })) {
    totals = addDelivery(totals, await deliver(job.target, batch, outside), batch.lastLine);
    job.resume.save(totals);
    job.progress.update(job.source.readBytes(), totals);
  }
  job.resume.remove();
  return totals;
}

async function deliver(target: Target, { items, rejected }: Batch, outside: Outside) {
  const delivery = await sendEvents(target, items, outside);
  const inOrder = [...rejected, ...delivery.rejected].sort((one, other) => one.line - other.line);
  return { ...delivery, rejected: inOrder };
}
