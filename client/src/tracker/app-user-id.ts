/** What programs print when they have no id, and the UUID that iOS gives every device that refuses tracking. */
const NOBODY =
  /^\s*(|n(ull|il|one|an)|un(defined|known)|anonymous|guest|user|test|0|-1|\[object object\]|true|false|[0-]{32,36})\s*$/i;

/** Whether the server would take this for the id of one person; its exact rule counts bytes. */
export function isAppUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 256 && !NOBODY.test(value);
}
