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
  // RFC 3986, section 5.2.4: clients remove them from a path, so no URL leads to such a user.
  '.',
  '..',
]);
const LENGTHS: ReadonlySet<number> = new Set([...PLACEHOLDERS].map(({ length }) => length));
const LONGEST_PLACEHOLDER = Math.max(...LENGTHS);
const ZERO_UUID = /^0{8}(?:-0{4}-0{4}-0{4}-|0{12})0{12}$/;

/**
 * Whether an `app_user_id` is what programs print without an id (case and surrounding spaces ignored), `.` or `..`, or the all-zero
 * UUID that iOS gives every device that denies tracking. One such id would merge thousands of people.
 */
export function isPlaceholderAppUserId(appUserId: string): boolean {
  const text = appUserId.trim();
  if (text.length <= LONGEST_PLACEHOLDER)
    return LENGTHS.has(text.length) && PLACEHOLDERS.has(text.toLowerCase());
  return ZERO_UUID.test(text);
}
