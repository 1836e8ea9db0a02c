import { AppflowError } from '../api/errors.ts';
import { isBrowser } from './environment.ts';

/**
 * Throws AppflowError if a client cannot work with these options. `isSecret` matches keys that must not be in a page. No
 * message contains the key: messages end up in logs.
 */
export function checkOptions(
  options: { apiKey?: unknown; baseUrl?: unknown } | null | undefined,
  isSecret: RegExp,
): void {
  checkApiKey(options?.apiKey, isSecret);
  // Without user and password: `fetch` rejects such a URL with an error that contains them.
  if (!/^https?:\/\/[^\s?#@]+$/i.test(`${options?.baseUrl}`))
    throw new AppflowError('Invalid baseUrl: use a URL such as "https://example.com".', {
      code: 'invalid_options',
    });
}

/** Throws AppflowError for a key that cannot be sent in a header, or that must not be in a page. */
export function checkApiKey(apiKey: unknown, isSecret: RegExp): void {
  if (typeof apiKey !== 'string' || !/^[!-~]+$/.test(apiKey))
    throw new AppflowError('Invalid apiKey: copy it again, without spaces or line breaks.', {
      code: 'invalid_api_key',
    });
  if (isBrowser() && isSecret.test(apiKey))
    throw new AppflowError(
      'In a browser anyone can read this key: use a client key (ck_), and rotate this one.',
      { code: 'secret_key_in_browser' },
    );
}
