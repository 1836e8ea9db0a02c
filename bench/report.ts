import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** Returns the first line of a bench: what was measured and where. Only ratios are comparable between machines. */
export function describeRun(title: string, settings: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const isDirty = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).trim() !== '';
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const cpu = `${os.cpus().length} × ${os.cpus()[0]?.model.trim() ?? 'unknown'}`;
  return `# ${title}\n${cpu}, ${memory}, Node ${process.version}, commit ${commit}${isDirty ? '+' : ''}; ${settings}`;
}

/** Returns the quantile `p` (0 to 1) of the values, by nearest rank. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);
