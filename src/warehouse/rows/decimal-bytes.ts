import { DECIMAL_SCALE } from './row-layout.ts';

const TWO_TO_64 = 2n ** 64n;
/** Decimal digits that a double represents exactly. */
const EXACT_DIGITS = 15;

/** Writes a decimal such as `-9.99` as a 128-bit integer of millionths, little-endian. */
export function writeDecimal(bytes: Buffer, at: number, text: string): void {
  if (text.length + DECIMAL_SCALE <= EXACT_DIGITS && !text.startsWith('-')) {
    const millionths = countMillionths(text);
    bytes.writeUInt32LE(millionths % 2 ** 32, at);
    bytes.writeUInt32LE(Math.floor(millionths / 2 ** 32), at + 4);
    bytes.fill(0, at + 8, at + 16);
    return;
  }
  const millionths = BigInt(toMillionths(text));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, millionths), at);
  bytes.writeBigInt64LE(millionths >> 64n, at + 8);
}

/** Returns the decimal that `writeDecimal` wrote, without redundant zeros. */
export function readDecimal(bytes: Buffer, at: number): string {
  const millionths = bytes.readBigInt64LE(at + 8) * TWO_TO_64 + bytes.readBigUInt64LE(at);
  const sign = millionths < 0n ? '-' : '';
  const digits = String(millionths < 0n ? -millionths : millionths).padStart(DECIMAL_SCALE + 1, '0');
  const whole = digits.slice(0, -DECIMAL_SCALE);
  const fraction = digits.slice(-DECIMAL_SCALE).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** For unsigned amounts whose millionths a double represents exactly. */
function countMillionths(text: string): number {
  let [value, decimals, isFraction] = [0, 0, false];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 46) isFraction = true;
    else {
      value = value * 10 + code - 48;
      if (isFraction) decimals += 1;
    }
  }
  return value * 10 ** (DECIMAL_SCALE - decimals);
}

function toMillionths(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return whole + fraction.padEnd(DECIMAL_SCALE, '0');
}
