/** What programs print when they have no ID, and the UUID that iOS gives every device that denies tracking. */
const PLACEHOLDER =
  /^\s*(|\.{1,2}|n(ull|il|one|an)|un(defined|known)|anonymous|guest|user|test|0|-1|\[object object\]|true|false|[0-]{32,36})\s*$/i;
// Not \p{Cf}: some React Native engines cannot parse it, and then nothing of the app runs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: an ID of control characters comes from an empty field.
const VISIBLE_CHARACTER = /[^\s\0-\x1f\u200b-\u200f\u2060]/;
const BYTES_MAX = 256;

/** Whether the server would accept this as a user ID. */
export function isAppUserId(value: unknown): value is string {
  if (typeof value !== 'string' || PLACEHOLDER.test(value) || !VISIBLE_CHARACTER.test(value)) return false;
  try {
    // Not TextEncoder: some React Native engines have none. Throws for half a character (a lone surrogate).
    const bytes = encodeURIComponent(value).replace(/%../g, '_');
    return bytes.length <= BYTES_MAX && !value.includes('\0');
  } catch {
    return false;
  }
}
