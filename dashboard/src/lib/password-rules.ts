export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/** Returns what is wrong with a new password; undefined when it will be taken. Length is what makes one strong. */
export function findPasswordMistake(password: string): string | undefined {
  // As the server counts: characters, not their parts.
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters; a few words are fine.`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters.`;
  return undefined;
}
