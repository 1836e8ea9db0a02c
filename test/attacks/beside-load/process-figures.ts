import { countFiles, readRssMb } from '../../support/watch-server.ts';

/** What a process uses. */
export type ProcessFigures = { rssMb: number; descriptors: number };

/** Returns what a process uses now. Throws if it has ended. */
export const readFigures = (pid: number): ProcessFigures => ({
  rssMb: Math.round(readRssMb(pid)),
  descriptors: countFiles(pid),
});

/** Watches a process each second. `stop` returns the highest values; NaN if it ended meanwhile. */
export function watchProcess(pid: number): { stop: () => ProcessFigures } {
  let highest = readFigures(pid);
  const timer = setInterval(() => {
    try {
      const now = readFigures(pid);
      highest = {
        rssMb: Math.max(highest.rssMb, now.rssMb),
        descriptors: Math.max(highest.descriptors, now.descriptors),
      };
    } catch {
      highest = { rssMb: Number.NaN, descriptors: Number.NaN };
    }
  }, 1_000);
  return {
    stop() {
      clearInterval(timer);
      return highest;
    },
  };
}
