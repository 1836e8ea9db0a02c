const CODE = /^[A-Z]{2}$/;
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

let codes: ReadonlyMap<string, string> | undefined;

/** Returns the ISO 3166 code of a country that is a code already or its English name; undefined for anything else. */
export function toCountryCode(country: unknown): string | undefined {
  if (typeof country !== 'string') return undefined;
  if (CODE.test(country)) return country;
  codes ??= listCodes();
  return codes.get(country);
}

function listCodes(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const all = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  // Codes of the past, such as DD, have the names of the present ones.
  const current = all.filter((code) => new Intl.Locale(`und-${code}`).region === code);
  return new Map(current.map((code) => [names.of(code) ?? code, code]));
}
