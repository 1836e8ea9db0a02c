import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callerNetwork, canonicalAddress, isInCidrs, isWithin, parseCidr, parseCidrs } from './ip.ts';

const isIn = (address: string, ...cidrs: string[]) => isInCidrs(address, parseCidrs(cidrs).cidrs);

function within(inner: string, outer: string): boolean {
  const [one, other] = [parseCidr(inner), parseCidr(outer)];
  assert.ok(one && other);
  return isWithin(one, other);
}

it('accepts addresses and networks, v4 and v6', () => {
  for (const text of [
    '10.0.0.1',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '::1',
    '::/0',
    '2001:db8::/32',
    '::ffff:10.0.0.0/104',
  ]) {
    assert.ok(parseCidr(text), text);
  }
});

it('rejects notations that other programs read differently', () => {
  const odd = [
    '10/8',
    '10',
    '127.1',
    '010.0.0.1',
    '010.0.0.0/8',
    '0x7f.0.0.1',
    '1.2.3',
    '1.2.3.4/33',
    '::1/129',
  ];
  const broken = ['1.2.3.4/', '/8', '', '1.2.3.4/8/8', '1.2.3.4/-1', '1.2.3.4/a', 'example.com', '1.2.3.256'];
  for (const text of [...odd, ...broken]) assert.equal(parseCidr(text), undefined, text);
  assert.deepEqual(parseCidrs(['10.0.0.1', ' 10/8 ', '::1']).mistakes, ['10/8']);
});

it('rejects a zone, which depends on the machine and would not be compared', () => {
  for (const text of ['fe80::1%eth0', 'fe80::1%eth0/128', 'fe80::%1/64', '::1%']) {
    assert.equal(parseCidr(text), undefined, text);
  }
  assert.ok(isIn('fe80::1%eth0', 'fe80::/64'), 'an address may have one');
});

it('takes only ::ffff: for IPv4, and ::1.2.3.4 for the IPv6 address that it is', () => {
  assert.equal(canonicalAddress('::1.2.3.4'), '::102:304');
  assert.equal(canonicalAddress('::ffff:1.2.3.4'), '1.2.3.4');
  assert.equal(canonicalAddress('64:ff9b::1.2.3.4'), '64:ff9b::102:304');
  for (const list of ['::1.2.3.4', '::1.2.3.4/128', '::1.2.3.0/120']) {
    assert.ok(!isIn('1.2.3.4', list), list);
    assert.ok(isIn('::102:304', list) && isIn('::1.2.3.4', list), list);
  }
  assert.ok(!isIn('::1.2.3.4', '1.2.3.4') && isIn('::ffff:1.2.3.4', '1.2.3.4'));
  for (const text of ['::1.2.3.400', '::1.2.3', '::1.2.3.4/129'])
    assert.equal(parseCidr(text), undefined, text);
});

it('decides whether an address is in a network, on both sides of its edges', () => {
  assert.ok(isIn('10.0.0.0', '10.0.0.0/31') && isIn('10.0.0.1', '10.0.0.0/31'));
  assert.ok(!isIn('10.0.0.2', '10.0.0.0/31') && !isIn('9.255.255.255', '10.0.0.0/31'));
  assert.ok(isIn('2001:db8::ffff', '2001:db8::/112') && !isIn('2001:db8::1:0', '2001:db8::/112'));
  assert.ok(isIn('1.2.3.4', '9.9.9.9', '1.2.3.4') && !isIn('1.2.3.4'));
  assert.ok(!isIn('unknown', '0.0.0.0/0') && !isIn('', '0.0.0.0/0'));
});

it('folds IPv4-mapped IPv6, in addresses and in networks', () => {
  assert.equal(canonicalAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.ok(isIn('10.1.2.3', '::ffff:10.0.0.0/104') && isIn('::ffff:10.1.2.3', '10.0.0.0/8'));
  assert.ok(!isIn('11.0.0.0', '::ffff:10.0.0.0/104'));
  assert.ok(!isIn('::1', '0.0.0.0/0') && !isIn('1.2.3.4', '::/0'));
});

it('decides whether a network is entirely within another', () => {
  assert.ok(within('10.1.0.0/16', '10.0.0.0/8') && within('10.0.0.0/8', '10.0.0.0/8'));
  assert.ok(!within('10.0.0.0/7', '10.0.0.0/8') && !within('11.0.0.0/8', '10.0.0.0/8'));
  assert.ok(!within('::/0', '0.0.0.0/0'));
});

it('counts callers by IPv4 address and by IPv6 /64', () => {
  assert.equal(callerNetwork('203.0.113.9'), '203.0.113.9');
  assert.equal(callerNetwork('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(callerNetwork('2001:db8:1:2::'), callerNetwork('2001:db8:1:2:ffff:ffff:ffff:ffff'));
  assert.notEqual(callerNetwork('2001:db8:1:2::'), callerNetwork('2001:db8:1:3::'));
  assert.equal(callerNetwork(''), '');
});
