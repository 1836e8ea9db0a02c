import type { Progress as Sent } from '../../../client/src/admin/send-all.ts';
import { openLedger } from './ledger.ts';
import type { Progress } from './progress.ts';
import type { Resume } from './resume.ts';
import { type SendEnvironment, sendEvents, type Target } from './send.ts';
import type { Source } from './source.ts';
import type { RejectedLine, Totals } from './totals.ts';

/** The events of one line or row as JSON, or why it was rejected. `doneLine` is the last line that is done with them. */
export type ReadEvents = { line: number } & (
  | { doneLine: number; events: string[] }
  | { rejected: RejectedLine }
);

type FoundEvents = Extract<ReadEvents, { events: string[] }>;

/** One import: from where, to where, and where its progress goes. */
export type Import = {
  source: Pick<Source, 'bytes' | 'readBytes'>;
  /** Reads the events of the source. Lines that are done are read too: what an earlier run sent decides about later ones. */
  read: (bytes: Source['bytes']) => AsyncIterable<ReadEvents>;
  target: Target;
  batchSize: number;
  /** The totals of an earlier run, whose lines are skipped. */
  start: Totals;
  resume: Resume;
  progress: Pick<Progress, 'update'>;
};

/**
 * Sends every line of the source and returns the totals. One batch at a time: that is fast enough to reach the server's
 * default limits, and "all lines up to here are done" is always true.
 */
export async function importEvents(job: Import, environment: SendEnvironment): Promise<Totals> {
  const { source, target, batchSize, start, resume, progress } = job;
  const ledger = openLedger(start);
  let failure: { error: unknown } | undefined;

  async function* readEvents(): AsyncGenerator<string> {
    try {
      for await (const read of job.read(source.bytes)) {
        if (read.line <= start.line) continue;
        if ('rejected' in read) ledger.reject(read.rejected);
        else yield* sendOf(read);
      }
    } catch (error) {
      // Everything read from a damaged file is sent first.
      failure = { error };
    }
  }

  function* sendOf({ line, doneLine, events }: FoundEvents): Generator<string> {
    for (const [index, json] of events.entries()) {
      ledger.markSent(line, index === events.length - 1 ? doneLine : line - 1);
      yield json;
    }
  }

  function recordProgress(sent: Sent): Totals {
    const totals = ledger.settle(sent);
    resume.save(totals);
    progress.update(source.readBytes(), totals);
    return totals;
  }

  const sent = await sendEvents(target, readEvents(), { batchSize, onProgress: recordProgress }, environment);
  // Settles rejected lines after the last event.
  const totals = recordProgress({ ...sent, rejections: [] });
  if (failure) throw failure.error;
  resume.remove();
  return totals;
}
