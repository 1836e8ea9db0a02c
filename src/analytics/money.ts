const minorDigits = new Map<string, number>();

/** Returns the digits of a currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD (from ICU). */
function minorDigitsOf(currency: string): number {
  const known = minorDigits.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  minorDigits.set(currency, digits);
  return digits;
}

/**
 * Returns a decimal string padded to the currency's minor unit: "12.5" USD is "12.50", "3" JPY is "3". Keeps digits
 * beyond it ("0.015" USD), but no trailing zeros. Formats the string itself: money is never a float here.
 */
export function formatMoney(amount: string, currency: string): string {
  const [integer = '0', fraction = ''] = amount.split('.');
  const digits = fraction.replace(/0+$/, '').padEnd(minorDigitsOf(currency), '0');
  return digits === '' ? integer : `${integer}.${digits}`;
}
