import { PASSWORD_LENGTH } from '../../../src/accounts/account-rules.ts';
import { isGuessable } from '../../../src/lib/guessable.ts';

/** Minimum characters of a new password. */
export const PASSWORD_MIN = PASSWORD_LENGTH.minLength;

/** Maximum characters of a new password. */
export const PASSWORD_MAX = PASSWORD_LENGTH.maxLength;

/** Returns the error of a new password; undefined if it is accepted. As the server checks it. */
export function findPasswordError(password: string): string | undefined {
  // As the server counts: code points, not UTF-16 units.
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters, such as a few words.`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters.`;
  if (isGuessable(password)) return 'This password is easy to guess. Use a few unrelated words.';
  return undefined;
}
