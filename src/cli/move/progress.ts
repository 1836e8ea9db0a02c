import { Presets, SingleBar } from 'cli-progress';

/** Shows how many rows of a table are copied. */
export type MoveProgress = {
  start: (table: string, rows: number) => void;
  add: (rows: number) => void;
  /** The table is done. */
  stop: () => void;
};

type Output = { write: (text: string) => unknown; isTTY?: boolean };

const LINE_EVERY_MS = 5_000;

/** Returns a progress bar for each table on a terminal, or a line every five seconds in a log. */
export function openMoveProgress(output: Output): MoveProgress {
  return output.isTTY ? openBar() : openLines(output);
}

function openLines(output: Output): MoveProgress {
  let [table, rows, done, printedAt] = ['', 0, 0, performance.now()];
  const print = () => {
    printedAt = performance.now();
    output.write(
      `${table}: copied ${done.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows\n`,
    );
  };
  return {
    start: (nextTable, nextRows) => {
      [table, rows, done, printedAt] = [nextTable, nextRows, 0, performance.now()];
    },
    add(count) {
      done += count;
      if (performance.now() - printedAt >= LINE_EVERY_MS) print();
    },
    stop: () => print(),
  };
}

function openBar(): MoveProgress {
  const format = '{bar} {percentage}% {table}: {value}/{total} rows';
  const bar = new SingleBar({ format, hideCursor: true, barsize: 20 }, Presets.shades_classic);
  return {
    start: (table, rows) => bar.start(rows, 0, { table }),
    add: (rows) => bar.increment(rows),
    stop: () => bar.stop(),
  };
}
