import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isBrowser, isDevelopment } from './environment.ts';

it('distinguishes pages and web workers from React Native and Node', () => {
  const document = new EventTarget();
  assert.ok(isBrowser({ document }));
  assert.ok(isBrowser({ importScripts: () => undefined }));
  assert.equal(isBrowser({ __DEV__: true, navigator: { language: 'de' } }), false);
  assert.equal(isBrowser({ process: { env: {} } }), false);
  assert.equal(isDevelopment({ __DEV__: true }), true);
  assert.equal(isDevelopment({ __DEV__: false, process: { env: { NODE_ENV: 'development' } } }), false);
  assert.equal(isDevelopment({ process: { env: { NODE_ENV: 'development' } } }), true);
  assert.equal(
    isDevelopment({ process: { env: { NODE_ENV: 'production' } }, location: { hostname: 'shop.example' } }),
    false,
  );
  assert.equal(isDevelopment({ location: { hostname: 'localhost' } }), true);
});
