import { readdirSync, readFileSync } from 'node:fs';

/** What a process on Linux used while it was watched: processor seconds of all its threads, and resident memory in MB. */
export type ResourceUse = { cpuSeconds: number; residentMaxMb: number };

const CLOCK_TICKS_PER_SECOND = 100;
const SAMPLE_MS = 50;

/** Returns the processor time of all threads of a process so far, in seconds, at a resolution of 10 ms. */
function readProcessCpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may contain spaces. After it: state, then user and system time as fields 12 and 13.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** Returns the resident memory of a process in MB. */
export function readResidentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1_000);
}

/** Returns the processor time of the process, by the names of its threads, in seconds; threads that have ended are left out. */
export function readThreadCpu(pid: number): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    try {
      const name = thread === String(pid) ? 'main' : readFileSync(`${folder}/comm`, 'utf8').trim();
      const [nanoseconds] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ');
      seconds.set(name, (seconds.get(name) ?? 0) + Number(nanoseconds) / 1e9);
    } catch {
      // It has ended since.
    }
  }
  return seconds;
}

/** Watches a process until the returned function is called, which returns what it used. */
export function watchResources(pid: number): () => ResourceUse {
  const cpuBefore = readProcessCpu(pid);
  let residentMaxMb = readResidentMb(pid);
  const timer = setInterval(() => {
    residentMaxMb = Math.max(residentMaxMb, readResidentMb(pid));
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return { cpuSeconds: readProcessCpu(pid) - cpuBefore, residentMaxMb };
  };
}
