import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COOKIES, readCookie, renderCookie } from '../../accounts/cookies.ts';
import { parseCidrs } from '../../lib/ip.ts';
import { allowsSignIn, findTransport, isFromOwnSite, type SiteRules } from './own-site.ts';

const RULES: SiteRules = { publicUrl: '', trustedProxies: [], allowHttp: false };
const BEHIND_PROXY: SiteRules = { ...RULES, trustedProxies: parseCidrs(['10.0.0.0/8']).cidrs };
const PUBLIC: SiteRules = { ...RULES, publicUrl: 'https://appflow.example.com' };

const transport = (headers: Record<string, string>, rules = RULES, peer = '127.0.0.1') =>
  findTransport({ peer, headers }, rules);

describe('how a browser reaches us', () => {
  for (const host of ['127.0.0.1:8080', 'localhost:8080', 'LOCALHOST', '[::1]:8080', '127.8.9.1']) {
    it(`is over loopback under ${host}`, () => assert.equal(transport({ host }), 'loopback'));
  }

  for (const host of [
    '192.168.1.5:8080',
    'appflow.local',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
  ]) {
    it(`is readable in between under "${host}", though the peer is this machine`, () => {
      assert.equal(transport({ host }), 'plain');
    });
  }

  it('is encrypted when the public address says so, whatever the proxy passes on', () => {
    assert.equal(transport({ host: 'x' }, PUBLIC), 'secure');
    assert.equal(transport({ host: 'x' }, { ...PUBLIC, publicUrl: 'http://appflow.example.com' }), 'plain');
  });

  it('is encrypted when a trusted proxy says so, and no one else', () => {
    const headers = { host: 'appflow.example.com', 'x-forwarded-proto': 'https' };
    assert.equal(transport(headers, BEHIND_PROXY, '10.1.2.3'), 'secure');
    assert.equal(transport(headers, BEHIND_PROXY, '203.0.113.9'), 'plain');
    assert.equal(transport(headers), 'plain');
    const twice = { ...headers, 'x-forwarded-proto': 'https, http' };
    assert.equal(transport(twice, BEHIND_PROXY, '10.1.2.3'), 'plain', 'the last word is the nearest proxy’s');
  });

  it('is good enough to sign in unless it is readable, save that the operator insists', () => {
    assert.deepEqual(
      (['secure', 'loopback', 'plain'] as const).map((way) => allowsSignIn(way, RULES)),
      [true, true, false],
    );
    assert.equal(allowsSignIn('plain', { ...RULES, allowHttp: true }), true);
  });
});

describe('whose page a change comes from', () => {
  const from = (sent: Record<string, string>, rules = RULES, method = 'POST') => {
    const headers = { host: '127.0.0.1:8080', ...sent };
    return isFromOwnSite({ method, headers, transport: transport(headers, rules) }, rules);
  };

  it('is ours by the Origin: scheme, name and port', () => {
    assert.equal(from({ origin: 'http://127.0.0.1:8080' }), true);
    for (const origin of [
      'http://127.0.0.1',
      'https://127.0.0.1:8080',
      'http://localhost:8080',
      'null',
      '',
    ]) {
      assert.equal(from({ origin }), false, origin);
    }
  });

  it('is ours by the public address, however the proxy names us', () => {
    assert.equal(from({ origin: 'https://appflow.example.com' }, PUBLIC), true);
    assert.equal(from({ origin: 'https://evil.example.com' }, PUBLIC), false);
    assert.equal(from({ origin: 'https://appflow.example.com.evil.example' }, PUBLIC), false);
  });

  it('does not matter for what changes nothing', () => assert.equal(from({}, RULES, 'GET'), true));
});

describe('the session’s cookie', () => {
  it('is bound to the host and to TLS where there is TLS, and hidden from scripts everywhere', () => {
    const secure = renderCookie(COOKIES.session, 'abc', { isSecure: true, maxAgeSeconds: 60 });
    assert.equal(secure, '__Host-appflow_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
    const plain = renderCookie(COOKIES.session, 'abc', { isSecure: false, maxAgeSeconds: 60 });
    assert.equal(plain, 'appflow_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
  });

  it('is read by its whole name', () => {
    assert.equal(readCookie('a=1; appflow_session=abc; b=2', COOKIES.session, false), 'abc');
    assert.equal(readCookie('appflow_session=abc', COOKIES.session, true), undefined);
    assert.equal(readCookie('xappflow_session=abc', COOKIES.session, false), undefined);
    assert.equal(readCookie('appflow_session=', COOKIES.session, false), undefined);
    assert.equal(readCookie(undefined, COOKIES.session, false), undefined);
  });
});
