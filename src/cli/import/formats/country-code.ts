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
  const named = all.flatMap((code) => {
    const name = names.of(code);
    return name === undefined ? [] : [[name, code] as const];
  });
  // Backwards, so that of two codes with one name the first wins: DE, not DD.
  return new Map(named.toReversed());
}
