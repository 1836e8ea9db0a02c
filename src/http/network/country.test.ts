import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readConfig } from '../../config/config.ts';
import { findRequestCountry } from './country.ts';

const config = readConfig({ TRUSTED_PROXIES: '10.0.0.0/8', APPFLOW_COUNTRY_HEADER: 'CF-IPCountry' });
const find = (remoteAddress: string, value?: string, used = config) =>
  findRequestCountry(
    { headers: value === undefined ? {} : { 'cf-ipcountry': value }, socket: { remoteAddress } },
    used,
  );

it('takes the country from the header of a trusted proxy, and from no one else', () => {
  assert.equal(find('10.1.2.3', 'DE'), 'DE');
  assert.equal(find('::ffff:10.1.2.3', 'de'), 'DE');
  assert.equal(find('203.0.113.9', 'DE'), undefined);
  assert.equal(find('10.1.2.3'), undefined);
});

it('takes no header unless one is configured', () => {
  assert.equal(find('10.1.2.3', 'DE', readConfig({ TRUSTED_PROXIES: '10.0.0.0/8' })), undefined);
});

it('takes nothing for a country that is none', () => {
  for (const value of ['XX', 'ZZ', 'T1', '', 'DEU', 'D', 'DE, FR'])
    assert.equal(find('10.1.2.3', value), undefined, value);
});

it('refuses a header that no proxy is trusted to send, and one that is no name', () => {
  assert.throws(
    () => readConfig({ APPFLOW_COUNTRY_HEADER: 'CF-IPCountry' }),
    /only read from proxies in TRUSTED_PROXIES/,
  );
  assert.throws(
    () => readConfig({ APPFLOW_COUNTRY_HEADER: 'CF IPCountry', TRUSTED_PROXIES: '10.0.0.1' }),
    /write the name of a header/,
  );
});
