import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COOKIES, readCookie, renderCookie } from './cookies.ts';

describe('the session cookie', () => {
  it('is bound to the host and to TLS over TLS, and always hidden from scripts', () => {
    const secure = renderCookie(COOKIES.session, 'abc', { isSecure: true, maxAgeSeconds: 60 });
    assert.equal(secure, '__Host-appflow_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
    const plain = renderCookie(COOKIES.session, 'abc', { isSecure: false, maxAgeSeconds: 60 });
    assert.equal(plain, 'appflow_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
  });

  it('is read by its full name', () => {
    assert.equal(readCookie('a=1; appflow_session=abc; b=2', COOKIES.session, false), 'abc');
    assert.equal(readCookie('appflow_session=abc', COOKIES.session, true), undefined);
    assert.equal(readCookie('xappflow_session=abc', COOKIES.session, false), undefined);
    assert.equal(readCookie('appflow_session=', COOKIES.session, false), undefined);
    assert.equal(readCookie(undefined, COOKIES.session, false), undefined);
  });
});
