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
 * Whether an `app_user_id` is what programs print without an id (case and surrounding spaces ignored), or the all-zero
 * UUID that iOS gives every device that denies tracking. One such id would merge thousands of people.
 */
export function isPlaceholderAppUserId(appUserId: string): boolean {
  const text = appUserId.trim();
  if (text.length <= LONGEST_PLACEHOLDER) return PLACEHOLDERS.has(text.toLowerCase());
  return ZERO_UUID.test(text);
}
