import { readdirSync, readFileSync } from 'node:fs';

/** What a process uses. */
export type ProcessFigures = { rssMb: number; descriptors: number };

/** Returns what a process uses now. Throws if it has ended. */
export function readFigures(pid: number): ProcessFigures {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { rssMb: Math.round(Number(kilobytes) / 1_024), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

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
