const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'null',
  'nil',
  'none',
  'undefined',
  'unknown',
  'anonymous',
  'guest',
  'user',
  'test',
  '0',
  '-1',
  'nan',
  '[object object]',
  'true',
  'false',
]);
const LONGEST_PLACEHOLDER = '[object object]'.length;
const ZERO_UUID = /^0{8}(?:-0{4}-0{4}-0{4}-|0{12})0{12}$/;

/**
 * Whether an `app_user_id` is what programs print when they have no id (any case, spaces around it ignored), or
 * a UUID of zeros, which iOS gives every device that refuses tracking: one such id merges thousands of people.
 */
export function isPlaceholderAppUserId(appUserId: string): boolean {
  const text = appUserId.trim();
  if (text.length <= LONGEST_PLACEHOLDER) return PLACEHOLDERS.has(text.toLowerCase());
  return ZERO_UUID.test(text);
}
