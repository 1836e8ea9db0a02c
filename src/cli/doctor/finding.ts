import { messageOf } from '../../lib/errors.ts';
/** The result of one check of `doctor`. Unless it is `ok`, `message` says what to do. */
export type Finding = { check: string; status: 'ok' | 'warning' | 'failed'; message: string };

/** Returns a finding that nothing is wrong. */
export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });

/** Returns a finding that works today but should be reviewed. */
export const warning = (check: string, message: string): Finding => ({ check, status: 'warning', message });

/** Returns a finding that must be fixed. */
export const failed = (check: string, message: string): Finding => ({ check, status: 'failed', message });

/** Returns a thrown error as a finding: a check that cannot run has failed. */
export function failedBy(check: string, error: unknown): Finding {
  return failed(check, messageOf(error));
}
