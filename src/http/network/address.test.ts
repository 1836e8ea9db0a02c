import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isForwardedNetwork, parseCidrs } from '../../lib/ip.ts';
import { resolveAddress } from './address.ts';

const trusted = parseCidrs(['10.0.0.0/8', '::1', '192.0.2.1']).cidrs;

/** Peer, X-Forwarded-For, resolved address. */
const TABLE: [what: string, peer: string, forwarded: string | undefined, address: string][] = [
  ['the peer when nothing is forwarded', '203.0.113.9', undefined, '203.0.113.9'],
  ['the peer if it is not trusted, whatever it claims', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
  ['the hop before a trusted proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the right-most hop that is not trusted', '10.0.0.1', '1.2.3.4, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
  [
    'the right-most untrusted hop, not what it claims further left',
    '10.0.0.1',
    '8.8.8.8,203.0.113.9',
    '203.0.113.9',
  ],
  ['the left-most when all are trusted', '10.0.0.1', '10.1.1.1, 192.0.2.1', '10.1.1.1'],
  ['the proxy when it does not forward an address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['the last address before a hop that is not one', '10.0.0.1', '1.2.3.4, _hidden, 10.2.2.2', '10.2.2.2'],
  ['the proxy when it forwards nothing', '10.0.0.1', '', '10.0.0.1'],
  ['IPv4 for IPv4-mapped IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['a hop without its port', '10.0.0.1', '203.0.113.9:51234', '203.0.113.9'],
  ['an IPv6 hop without brackets and port', '10.0.0.1', '[2001:db8::1]:443, [::1]', '2001:db8::1'],
  ['the proxy when a hop only looks like an address with a port', '10.0.0.1', '203.0.113.9:x', '10.0.0.1'],
  ['IPv6 in its shortest form', '::1', '2001:DB8:0:0::0001', '2001:db8::1'],
];

describe('resolveAddress', () => {
  for (const [what, peer, forwarded, address] of TABLE) {
    it(`resolves the address of a request to ${what}`, () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      assert.equal(resolveAddress(peer, headers, trusted).ip, address);
    });
  }

  it('resolves the address of a request to the peer when no proxy is trusted at all', () => {
    assert.equal(resolveAddress('10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, []).ip, '10.0.0.1');
  });
});

const FORWARDED = { 'x-forwarded-for': '203.0.113.9' };

describe('an unconfigured proxy', () => {
  for (const peer of [
    ...['127.0.0.1', '127.255.255.255', '10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255'],
    ...['192.168.0.1', '192.168.255.255', '169.254.1.1', '100.64.0.1', '100.127.255.255'],
    ...['::1', '::ffff:127.0.0.1', '::ffff:10.1.2.3', 'fc00::1', 'fdff::1', 'fe80::1'],
  ]) {
    it(`${peer} shares its limits with all its callers if it forwards a request`, () => {
      const { network, untrustedProxyHeader } = resolveAddress(peer, FORWARDED, []);
      assert.deepEqual([isForwardedNetwork(network), untrustedProxyHeader], [true, 'x-forwarded-for']);
    });
  }

  for (const header of ['forwarded', 'via', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host']) {
    it(`a private peer shares its limits with all its callers if only ${header} shows that it forwards`, () => {
      const { network, untrustedProxyHeader } = resolveAddress('10.0.0.1', { [header]: '' }, []);
      assert.deepEqual([network, untrustedProxyHeader], ['forwarded by 10.0.0.1', header]);
    });
  }

  for (const peer of [
    ...['203.0.113.9', '126.255.255.255', '128.0.0.1', '9.255.255.255', '11.0.0.0', '172.15.255.255'],
    ...['172.32.0.0', '192.167.255.255', '192.169.0.0', '100.63.255.255', '100.128.0.0'],
    ...['::2', '2001:db8::1', '::ffff:203.0.113.9', 'fbff::1', 'fe00::1'],
  ]) {
    it(`${peer}, outside private networks, is limited by its address even if it claims to forward a request`, () => {
      const { network, untrustedProxyHeader } = resolveAddress(peer, FORWARDED, []);
      assert.equal(untrustedProxyHeader, undefined);
      assert.equal(isForwardedNetwork(network), false);
    });
  }

  it('a private peer is limited by its address if it forwards nothing', () => {
    const ordinary = { host: 'localhost', 'user-agent': 'curl', 'x-request-id': 'x', origin: 'null' };
    const { network, untrustedProxyHeader } = resolveAddress('127.0.0.1', ordinary, []);
    assert.deepEqual([network, untrustedProxyHeader], ['127.0.0.1', undefined]);
  });

  it('every peer is limited by an address if any trusted proxy is configured, even another one', () => {
    assert.equal(resolveAddress('10.0.0.1', FORWARDED, trusted).network, '203.0.113.9');
    assert.equal(resolveAddress('192.168.0.1', FORWARDED, trusted).network, '192.168.0.1');
  });
});

it('limits group IPv6 callers by their /64', () => {
  assert.equal(resolveAddress('2001:db8:1:2:3::4', {}, []).network, '2001:db8:1:2::/64');
});
