/** A language, perhaps a script, and a country: `de_DE`, `zh-Hant-TW`, `de_CH.UTF-8`. Areas such as `es-419` are none. */
const REGION = /^[a-z]{2,3}(?:[-_][a-z]{4})?[-_]([a-z]{2})(?![a-z0-9])/i;

/** Returns the country of an event that names none: the one the request shows, or its locale's region; '' without both. */
export function findCountry(country: string | undefined, locale: string): string {
  if (country !== undefined || locale === '') return country ?? '';
  return REGION.exec(locale)?.[1]?.toUpperCase() ?? '';
}
