/**
 * Modern names of the zones that browsers still list by their old ones: V8 keeps CLDR's stable identifiers. IANA's
 * `backward` file links each old name to the new one, so both mean the same time.
 */
const MODERN_NAMES: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

/** Returns the modern name of a time zone: `Asia/Kolkata` for `Asia/Calcutta`. Others stay as they are. */
export function modernZone(name: string): string {
  return MODERN_NAMES[name] ?? name;
}

/** Returns the browser's time zone, by its modern name; `UTC` if the browser does not know it. */
export function browserZone(): string {
  return modernZone(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
}

/** Returns all time zones by their modern names, sorted, with UTC first. */
export function listZones(): string[] {
  const names = new Set(Intl.supportedValuesOf('timeZone').map(modernZone));
  names.delete('UTC');
  return ['UTC', ...[...names].sort()];
}
