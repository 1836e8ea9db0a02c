import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCidrs } from '../../lib/ip.ts';
import { allowsSignIn, findTransport, isFromOwnSite, type SiteRules } from './own-site.ts';

const RULES: SiteRules = { publicUrl: '', trustedProxies: [], allowHttp: false };
const BEHIND_PROXY: SiteRules = { ...RULES, trustedProxies: parseCidrs(['10.0.0.0/8']).cidrs };
const PUBLIC: SiteRules = { ...RULES, publicUrl: 'https://appflow.example.com' };

const transport = (headers: Record<string, string>, rules = RULES, peer = '127.0.0.1') =>
  findTransport({ peer, headers }, rules);

describe('the transport of a request', () => {
  for (const host of ['127.0.0.1:8080', 'localhost:8080', 'LOCALHOST', '[::1]:8080', '127.8.9.1']) {
    it(`is loopback for ${host}`, () => assert.equal(transport({ host }), 'loopback'));
  }

  for (const host of [
    '192.168.1.5:8080',
    'appflow.local',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
  ]) {
    it(`is plain for "${host}", even if the peer is this machine`, () => {
      assert.equal(transport({ host }), 'plain');
    });
  }

  it('is secure if the public URL is https, whatever the proxy sends', () => {
    assert.equal(transport({ host: 'x' }, PUBLIC), 'secure');
    assert.equal(transport({ host: 'x' }, { ...PUBLIC, publicUrl: 'http://appflow.example.com' }), 'plain');
  });

  it('is secure if a trusted proxy says so, and only then', () => {
    const headers = { host: 'appflow.example.com', 'x-forwarded-proto': 'https' };
    assert.equal(transport(headers, BEHIND_PROXY, '10.1.2.3'), 'secure');
    assert.equal(transport(headers, BEHIND_PROXY, '203.0.113.9'), 'plain');
    assert.equal(transport(headers), 'plain');
    const twice = { ...headers, 'x-forwarded-proto': 'https, http' };
    assert.equal(
      transport(twice, BEHIND_PROXY, '10.1.2.3'),
      'plain',
      'the last value is from the nearest proxy',
    );
  });

  it('allows sign-in unless it is plain and the operator has not allowed HTTP', () => {
    assert.deepEqual(
      (['secure', 'loopback', 'plain'] as const).map((way) => allowsSignIn(way, RULES)),
      [true, true, false],
    );
    assert.equal(allowsSignIn('plain', { ...RULES, allowHttp: true }), true);
  });
});

describe('a change', () => {
  const from = (sent: Record<string, string>, rules = RULES, method = 'POST') => {
    const headers = { host: '127.0.0.1:8080', ...sent };
    return isFromOwnSite({ method, headers, transport: transport(headers, rules) }, rules);
  };

  it('is accepted from our own Origin: scheme, host and port', () => {
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

  it('is accepted from the public URL, whatever Host the proxy sends', () => {
    assert.equal(from({ origin: 'https://appflow.example.com' }, PUBLIC), true);
    assert.equal(from({ origin: 'https://evil.example.com' }, PUBLIC), false);
    assert.equal(from({ origin: 'https://appflow.example.com.evil.example' }, PUBLIC), false);
  });

  it('needs no Origin if it is a GET', () => assert.equal(from({}, RULES, 'GET'), true));
});
