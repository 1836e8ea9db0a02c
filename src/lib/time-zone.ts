const known = new Map<string, boolean>();
// Names come from callers: without a bound, a flood of made-up names would fill memory.
const KNOWN_MAX = 2_000;

function isValidTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/** Whether `name` is an IANA time zone such as `America/St_Johns`. Offsets such as `+05:30` are not: they have no DST. */
export function isTimeZone(name: string): boolean {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const valid = /^[A-Za-z]/.test(name) && isValidTimeZone(name);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, valid);
  return valid;
}
