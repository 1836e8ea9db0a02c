import type { Progress as Sent } from '../../../client/src/admin/send-all.ts';
import { createLineParser } from './event-line.ts';
import { openLedger } from './ledger.ts';
import { splitLines } from './lines.ts';
import type { Progress } from './progress.ts';
import type { Resume } from './resume.ts';
import { type Outside, sendEvents, type Target } from './send.ts';
import type { Source } from './source.ts';
import type { Totals } from './totals.ts';

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
  const { source, target, batchSize, start, resume, progress } = job;
  const ledger = openLedger(start);
  let failure: { error: unknown } | undefined;

  async function* readEvents(): AsyncGenerator<string> {
    // Lines already done are parsed too: how often a line came before is part of the ids made for later ones.
    const parseLine = createLineParser();
    try {
      for await (const line of splitLines(source.bytes)) {
        const parsed = parseLine(line);
        if (line.number <= start.line) continue;
        if ('rejected' in parsed) {
          ledger.refuse(parsed.rejected);
          continue;
        }
        ledger.send(line.number);
        yield parsed.json;
      }
    } catch (error) {
      // What could be read of a damaged file is sent first.
      failure = { error };
    }
  }

  function note(sent: Sent): Totals {
    const totals = ledger.settle(sent);
    resume.save(totals);
    progress.update(source.readBytes(), totals);
    return totals;
  }

  const sent = await sendEvents(target, readEvents(), { batchSize, onProgress: note }, outside);
  // Lines behind the last event that are none.
  const totals = note({ ...sent, rejections: [] });
  if (failure) throw failure.error;
  resume.remove();
  return totals;
}
