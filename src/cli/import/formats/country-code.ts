import { isCountryCode } from '../../../api/formats.ts';
import { createRecentMap } from '../../../lib/recent-map.ts';

/** An export has a few hundred names of countries, one in each row. */
const NAMES_REMEMBERED = 1_000;
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Names that products use besides those of Unicode, such as those of ISO 3166 and MaxMind, as `simplify` returns them. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  AX: ['aland'],
  BN: ['brunei darussalam'],
  BO: ['bolivia plurinational state of', 'plurinational state of bolivia'],
  BQ: ['bonaire', 'bonaire sint eustatius and saba'],
  CC: ['cocos islands', 'keeling islands'],
  CD: ['democratic republic of the congo', 'democratic republic of congo', 'dr congo', 'congo kinshasa'],
  CG: ['congo', 'republic of the congo', 'congo republic', 'congo brazzaville'],
  CI: ['ivory coast'],
  CV: ['cabo verde'],
  CZ: ['czech republic'],
  FK: ['falkland islands malvinas'],
  FM: ['federated states of micronesia', 'micronesia federated states of'],
  GB: ['great britain', 'uk'],
  HK: ['hong kong', 'hong kong sar'],
  HM: ['heard island and mcdonald islands'],
  IR: ['iran islamic republic of', 'islamic republic of iran'],
  JO: ['hashemite kingdom of jordan'],
  KP: ['korea democratic peoples republic of', 'democratic peoples republic of korea'],
  KR: ['korea', 'korea republic of', 'republic of korea'],
  LA: ['lao peoples democratic republic'],
  LT: ['republic of lithuania'],
  MD: ['moldova republic of', 'republic of moldova'],
  MF: ['saint martin french part'],
  MK: ['macedonia', 'republic of north macedonia'],
  MM: ['myanmar', 'burma'],
  MO: ['macao', 'macau', 'macao sar'],
  PN: ['pitcairn'],
  PS: ['palestine', 'palestine state of', 'state of palestine', 'palestinian territory'],
  RU: ['russian federation'],
  SH: ['saint helena ascension and tristan da cunha'],
  SX: ['sint maarten dutch part'],
  SY: ['syrian arab republic'],
  SZ: ['swaziland'],
  TL: ['east timor'],
  TR: ['turkey'],
  TW: ['taiwan province of china'],
  TZ: ['united republic of tanzania', 'tanzania united republic of'],
  UM: ['united states minor outlying islands'],
  US: ['united states of america', 'usa'],
  VA: ['vatican', 'holy see'],
  VC: ['saint vincent and the grenadines'],
  VE: ['bolivarian republic of venezuela', 'venezuela bolivarian republic of'],
  VG: ['virgin islands british'],
  VI: ['us virgin islands', 'virgin islands us'],
  VN: ['viet nam'],
};

let codes: ReadonlyMap<string, string> | undefined;
const remembered = createRecentMap<string, string>(NAMES_REMEMBERED);

/** Returns the ISO 3166 code of a country that is a code already or an English name of it; undefined for anything else. */
export function toCountryCode(country: unknown): string | undefined {
  if (typeof country !== 'string') return undefined;
  const known = remembered.get(country);
  const code = known ?? findCode(country) ?? '';
  if (known === undefined) remembered.set(country, code);
  return code === '' ? undefined : code;
}

function findCode(country: string): string | undefined {
  codes ??= listCodes();
  // Names first: `UK` is one of `GB`, not a code.
  const named = codes.get(simplify(country));
  const code = country.toUpperCase();
  return named ?? (isCountryCode(code) ? code : undefined);
}

function listCodes(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const all = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  // Retired codes, such as DD, share a name with current ones.
  const current = all.filter((code) => new Intl.Locale(`und-${code}`).region === code);
  return new Map([
    ...current.flatMap((code) => toEntries(code, names.of(code))),
    ...Object.entries(OTHER_NAMES).flatMap(([code, others]) => others.map((name) => [name, code] as const)),
  ]);
}

const toEntries = (code: string, name: string | undefined): (readonly [string, string])[] =>
  name === undefined ? [] : [[simplify(name), code]];

/** Returns a name in lower case without accents, punctuation and a leading "the", with "saint" and "and" written out. */
const simplify = (name: string): string =>
  name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/[\p{M}.'’]/gu, '')
    .replaceAll(/[^a-z]+/g, ' ')
    .trim()
    .replace(/^the /, '')
    .replace(/^st /, 'saint ');
