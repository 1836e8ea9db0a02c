/** Returns JSON with indentation; a text that was cut, and is therefore no JSON any more, as it is. */
export function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
