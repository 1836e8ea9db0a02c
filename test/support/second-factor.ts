import assert from 'node:assert/strict';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { type Browser, stepUp } from './browser.ts';

/** Decodes the base32 text that an authenticator app is given into its key. */
export function fromBase32(text: string): string {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))).toString();
}

/** Sets up a second factor for the signed-in person and returns its key. `now` is the server's clock. */
export async function enableTotp(browser: Browser, now: number, password?: string) {
  await stepUp(browser, password);
  const { body, text } = await browser.call('POST', '/app/v1/account/totp', { body: {} });
  assert.ok(body.secret, text);
  const secret = fromBase32(body.secret);
  const code = totpCode(secret, now);
  const confirmed = await browser.call('POST', '/app/v1/account/totp/confirm', { body: { code } });
  assert.equal(confirmed.status, 204, confirmed.text);
  return { secret, backupCodes: body.backup_codes as string[] };
}
