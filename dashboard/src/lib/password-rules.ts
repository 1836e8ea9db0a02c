import { PASSWORD_LENGTH } from '../../../src/accounts/account-rules.ts';

/** Minimum characters of a new password. */
export const PASSWORD_MIN = PASSWORD_LENGTH.minLength;

/** Maximum characters of a new password. */
export const PASSWORD_MAX = PASSWORD_LENGTH.maxLength;

/** Returns the error of a new password; undefined if it is accepted. Only length counts: it makes a password strong. */
export function findPasswordError(password: string): string | undefined {
  // As the server counts: code points, not UTF-16 units.
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters; a few words are fine.`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters.`;
  return undefined;
}
