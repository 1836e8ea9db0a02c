import type { Progress as Sent } from '../../../client/src/admin/send-all.ts';
import { createLineParser } from './event-line.ts';
import { openLedger } from './ledger.ts';
import { splitLines } from './lines.ts';
import type { Progress } from './progress.ts';
import type { Resume } from './resume.ts';
import { type SendEnvironment, sendEvents, type Target } from './send.ts';
import type { Source } from './source.ts';
import type { Totals } from './totals.ts';

/** One import: from where, to where, and where its progress goes. */
export type Import = {
  source: Pick<Source, 'bytes' | 'readBytes'>;
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
    // Lines that are already done are parsed too: derived ids depend on how often a line occurred before.
    const parseLine = createLineParser();
    try {
      for await (const line of splitLines(source.bytes)) {
        const parsed = parseLine(line);
        if (line.number <= start.line) continue;
        if ('rejected' in parsed) {
          ledger.reject(parsed.rejected);
          continue;
        }
        ledger.markSent(line.number);
        yield parsed.json;
      }
    } catch (error) {
      // Everything read from a damaged file is sent first.
      failure = { error };
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
