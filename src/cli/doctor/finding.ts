import { messageOf } from '../../lib/storage-error.ts';
/** What one check of `doctor` found. `message` says what to do unless all is well. */
export type Finding = { check: string; status: 'ok' | 'warning' | 'failed'; message: string };

/** Returns a finding that all is well. */
export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });

/** Returns a finding that works today and should be looked at. */
export const warning = (check: string, message: string): Finding => ({ check, status: 'warning', message });

/** Returns a finding that must be put right. */
export const failed = (check: string, message: string): Finding => ({ check, status: 'failed', message });

/** Returns what was thrown as a finding: a check that cannot be made has failed. */
export function failedBy(check: string, error: unknown): Finding {
  return failed(check, messageOf(error));
}
