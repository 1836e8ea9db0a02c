import { findOpenFilesWarning, readOpenFilesMax } from '../../http/connections/limits.ts';
import { type Finding, ok, warning } from './finding.ts';

/**
 * Checks how many files this process may open: each connection is one. A server that was started in another way may have
 * another limit; it says so itself in `/readyz`.
 */
export function checkOpenFiles(): Finding[] {
  const check = 'open files';
  const openFilesMax = readOpenFilesMax();
  const problem = findOpenFilesWarning(openFilesMax);
  if (problem !== undefined) return [warning(check, problem)];
  const limit = Number.isFinite(openFilesMax)
    ? `${openFilesMax.toLocaleString('en')} files`
    : 'Any number of files';
  return [ok(check, `${limit} can be open.`)];
}
