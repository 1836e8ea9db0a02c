import { escapeText, escapeValue } from '../../lib/text/visible-text.ts';

/** Returns a name in quotes, see `escapeValue`. */
export function quote(name: string): string {
  return `"${escapeValue(name)}"`;
}

/** Prints the result of a command: text, or JSON, which stays the same JSON. */
export function printResult(text: string): void {
  process.stdout.write(`${escapeText(text)}\n`);
}

/** Prints a message about what a command does, or why it failed, on standard error. */
export function notify(message: string): void {
  process.stderr.write(`${escapeText(message)}\n`);
}

/** Standard error as others write to it: a progress display, the parser of commands. */
export const STANDARD_ERROR = {
  write: (text: string) => process.stderr.write(escapeText(text)),
  isTTY: process.stderr.isTTY,
};
