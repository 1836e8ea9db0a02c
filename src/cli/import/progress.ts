import { Presets, SingleBar } from 'cli-progress';
import { escapeValue } from '../../lib/text/visible-text.ts';
import { countRejected, type Totals } from './totals.ts';

/** Shows the progress of an import. `note` adds a message to it. */
export type Progress = {
  update: (readBytes: number, totals: Totals) => void;
  note: (sentence: string) => void;
  stop: () => void;
};

type Output = { write: (text: string) => unknown; isTTY?: boolean };

const LINE_EVERY_MS = 5_000;
const MEGABYTE = 1_000_000;

const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);

/** Returns events per second. `alreadyDone` events were counted by an earlier run, so they are left out. */
function speedometer(now: () => number, alreadyDone: number): (totals: Totals) => number {
  const startedAt = now();
  return (totals) => {
    const done = totals.accepted + totals.duplicates + countRejected(totals) - alreadyDone;
    return Math.round((done * 1_000) / Math.max(1, now() - startedAt));
  };
}

function describe(totals: Totals, perSecond: number): string {
  return `accepted ${totals.accepted}, duplicates ${totals.duplicates}, rejected ${countRejected(totals)}, ${perSecond} events/s`;
}

/** Returns a progress bar on a terminal, or a line every five seconds in a log. */
export function openProgress(
  output: Output,
  totalBytes: number | undefined,
  alreadyDone: number,
  now: () => number,
): Progress {
  const speedOf = speedometer(now, alreadyDone);
  if (output.isTTY && totalBytes !== undefined) return openBar(totalBytes, speedOf);
  let printedAt = now();
  return {
    update(readBytes, totals) {
      if (now() - printedAt < LINE_EVERY_MS) return;
      printedAt = now();
      const of = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
      output.write(`${megabytes(readBytes)}${of} MB, ${describe(totals, speedOf(totals))}\n`);
    },
    note: (sentence) => output.write(`${sentence}\n`),
    stop: () => undefined,
  };
}

function openBar(totalBytes: number, speedOf: (totals: Totals) => number): Progress {
  const total = megabytes(totalBytes);
  const bar = new SingleBar(
    {
      format: `{bar} {percentage}% {read}/${total} MB | {text} {note}`,
      clearOnComplete: false,
      hideCursor: true,
      barsize: 20,
    },
    Presets.shades_classic,
  );
  bar.start(totalBytes, 0, { read: '0.0', text: '', note: '' });
  return {
    update(readBytes, totals) {
      const text = describe(totals, speedOf(totals));
      bar.update(readBytes, { read: megabytes(readBytes), text, note: '' });
    },
    note: (sentence) => bar.update({ note: escapeValue(sentence) }),
    stop: () => bar.stop(),
  };
}
