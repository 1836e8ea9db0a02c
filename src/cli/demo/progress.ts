import { Presets, SingleBar } from 'cli-progress';
import type { LoadProgress } from './load.ts';

type Output = { write: (text: string) => unknown; isTTY?: boolean };

const LINE_EVERY_DAYS = 30;

/** Returns a progress bar on a terminal, or a line every thirty days in a log. */
export function openDemoProgress(output: Output): { report: LoadProgress; stop: () => void } {
  if (!output.isTTY) {
    return {
      report(daysDone, days, events) {
        if (daysDone % LINE_EVERY_DAYS === 0) output.write(`Day ${daysDone} of ${days}, ${events} events\n`);
      },
      stop: () => undefined,
    };
  }
  const bar = new SingleBar(
    { format: '{bar} {percentage}% day {value}/{total} | {events} events', hideCursor: true, barsize: 30 },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    report(daysDone, days, events) {
      if (!isStarted) bar.start(days, 0, { events });
      isStarted = true;
      bar.update(daysDone, { events });
    },
    stop: () => isStarted && bar.stop(),
  };
}
