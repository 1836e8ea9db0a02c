import type { Dialect } from '../../api/dialect.ts';
import { TYPE_PREFIXES } from '../../directory/scopes.ts';
import { isWellFormedSecret } from '../../directory/secret.ts';
import type { Exchange } from './exchange.ts';

/** The path parameter that has the key, on routes of a dialect. */
export const KEY_PARAM = 'write_key';

const CLIENT_PREFIX = `${TYPE_PREFIXES.client}_`;

/** Whether a text is meant as a client key, valid or not. */
export const isClientKey = (text: string): boolean => text.startsWith(CLIENT_PREFIX);

/** Whether a text has the form of a key that must not be in an app. */
export const isSecretKey = (text: string): boolean => isWellFormedSecret(text) && !isClientKey(text);

type Sent = Pick<Exchange, 'raw' | 'params' | 'search'>;

/**
 * Returns the credentials in the headers that SDKs of this dialect send a key in, and in `Authorization`, where a proxy may have added
 * its own.
 */
export function listKeysInHeaders({ raw }: Sent, { keyHeaders = [] }: Dialect): string[] {
  const own = keyHeaders.flatMap(({ name, after }) =>
    (raw.headersDistinct[name] ?? []).flatMap((value) => splitKey(value.trim(), after)),
  );
  const common = (raw.headersDistinct.authorization ?? []).map(readCredential);
  return [...own, ...common].filter((text) => text !== '');
}

/** Returns the key, which is the last part, and what comes before it: a secret key there must not stay unseen. */
const splitKey = (value: string, mark: string | undefined): string[] =>
  mark === undefined ? [value] : value.split(mark).reverse();

/** Returns the keys in the URL of a request: in the path and, if SDKs of this dialect send one there, in the query. */
export function listKeysInUrl({ params, search }: Sent, { keyParameter }: Dialect): string[] {
  const inQuery = keyParameter === undefined ? [] : new URLSearchParams(search).getAll(keyParameter);
  return [params[KEY_PARAM] ?? '', ...inQuery].filter((text) => text !== '');
}

/** Returns the secret keys among the values of a query, decoded: `%5F` is `_`. */
export function listSecretKeysInQuery({ search }: Sent): string[] {
  return search === '' ? [] : [...new URLSearchParams(search).values()].filter(isSecretKey);
}

/** Returns the user of `Basic`, or the token of `Bearer`; an empty text for anything else. */
function readCredential(header: string): string {
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  return Buffer.from(value, 'base64').toString().split(':', 1)[0] ?? '';
}
