/**
 * Control and formatting characters: a name in the database may contain any of them, and a terminal would obey them (an
 * escape sequence, a C1 control, text from right to left, a line that looks like one of ours).
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const INVISIBLE_IN_LINE = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** By UTF-16 unit, so that it means the same character inside JSON. */
const toVisible = (character: string) =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** Returns a value as it is shown inside a line: control characters and line breaks escaped like \u001b. */
export function escapeValue(value: string): string {
  return value.replaceAll(INVISIBLE, toVisible);
}

/** Returns text as it is printed: control characters escaped, except for the line breaks of its layout. */
export function escapeText(text: string): string {
  return text.replaceAll(INVISIBLE_IN_LINE, toVisible);
}
