export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/** Returns the error of a new password; undefined if it is accepted. Only length counts: it makes a password strong. */
export function findPasswordError(password: string): string | undefined {
  // As the server counts: code points, not UTF-16 units.
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters; a few words are fine.`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters.`;
  return undefined;
}
