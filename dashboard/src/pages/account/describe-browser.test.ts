import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeBrowser } from './describe-browser.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

it('names the browser, not those it claims to be compatible with', () => {
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
  assert.equal(describeBrowser(`${windows} ${WEBKIT} Chrome/141.0 Safari/537.36`).name, 'Chrome on Windows');
  assert.equal(
    describeBrowser(`${windows} ${WEBKIT} Chrome/141.0 Safari/537.36 Edg/141.0`).name,
    'Edge on Windows',
  );
});

it('detects phones', () => {
  const phone = describeBrowser(
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
  );
  assert.deepEqual(phone, { name: 'Safari on iPhone', isPhone: true });
});

it('says when the browser is unknown', () => {
  assert.deepEqual(describeBrowser(''), { name: 'Unknown browser', isPhone: false });
});
