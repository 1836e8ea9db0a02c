/** Decimal strings such as money, summed exactly, unlike floats. */
const PATTERN = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Returns the exact sum of decimal strings with at least two decimals. Anything else counts as 0. */
export function sumDecimals(decimals: readonly string[]): string {
  const scale = Math.max(2, ...decimals.map((text) => PATTERN.exec(text)?.[3]?.length ?? 0));
  const sum = decimals.reduce((total, text) => total + toUnits(text, scale), 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function toUnits(text: string, scale: number): bigint {
  const [, sign, whole, fraction = ''] = PATTERN.exec(text) ?? [];
  if (whole === undefined) return 0n;
  const units = BigInt(whole + fraction.padEnd(scale, '0'));
  return sign === '-' ? -units : units;
}
