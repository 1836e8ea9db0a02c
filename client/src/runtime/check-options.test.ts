import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { AppflowAdmin } from '../admin.ts';
import { AppflowError } from '../api/errors.ts';
import { Appflow, type AppflowOptions } from '../tracker/tracker.ts';

const baseUrl = 'https://events.example.com';

/** Returns the AppflowError that `run` throws. */
function errorOf(run: () => unknown): AppflowError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof AppflowError, String(error));
    return error;
  }
  return assert.fail('It should have thrown.');
}

describe('a client that could never send is refused in its constructor', () => {
  const secret = 'ck_af1_1234567890abcdef';

  for (const apiKey of [
    `${secret}\n`,
    `${secret.slice(0, 10)}\r\n${secret.slice(10)}`,
    ` ${secret}`,
    `${secret}\u200b`,
    'ck_af1_…',
    `Bearer ${secret}`,
    '',
    undefined,
    null,
    7,
  ]) {
    it(`for the key ${JSON.stringify(apiKey)}, and no text contains the key`, () => {
      for (const Client of [Appflow, AppflowAdmin]) {
        const error = errorOf(() => new Client({ apiKey: apiKey as string, baseUrl }));
        assert.equal(error.code, 'invalid_api_key');
        assert.ok(!inspect(error).includes(secret.slice(0, 10)), inspect(error));
      }
      const appflow = new Appflow({ apiKey: secret, baseUrl });
      assert.equal(errorOf(() => appflow.setApiKey(apiKey as string)).code, 'invalid_api_key');
    });
  }

  for (const url of [
    undefined,
    '',
    'events.example.com',
    '//events.example.com',
    'ftp://events.example.com',
    'https://',
    'https://a b',
    'https://user:password@events.example.com',
    'https://events.example.com?a=1',
    'https://events.example.com#a',
  ]) {
    it(`for the URL ${JSON.stringify(url)}, and no text contains a password`, () => {
      for (const Client of [Appflow, AppflowAdmin]) {
        const error = errorOf(() => new Client({ apiKey: secret, baseUrl: url as string }));
        assert.equal(error.code, 'invalid_options');
        assert.ok(!inspect(error).includes('user:password') && !inspect(error).includes(secret));
      }
    });
  }

  it('without options', () => {
    for (const options of [undefined, null, {}]) {
      for (const Client of [Appflow, AppflowAdmin]) {
        assert.equal(errorOf(() => new Client(options as AppflowOptions)).code, 'invalid_api_key');
      }
    }
  });
});

it('accepts URLs with a port, a path, an IPv6 address and a trailing slash', () => {
  for (const url of [
    'http://127.0.0.1:8080',
    'https://example.com/appflow/',
    'http://[::1]:8080',
    'HTTPS://E.COM',
  ])
    for (const Client of [Appflow, AppflowAdmin]) new Client({ apiKey: 'ck_1', baseUrl: url });
});
