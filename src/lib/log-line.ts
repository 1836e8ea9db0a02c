import { escapeText, escapeValue } from './text/visible-text.ts';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};

/**
 * Returns a JSON line of the log as people read it on a terminal: `10:02:11 warning: message (field=value)`, with the stack
 * of an error below. Any other line is returned as it is.
 */
export function renderLogLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return escapeText(line);
  }
  const { level, time, msg, err, ...fields } = entry;
  const at = new Date(String(time)).toLocaleTimeString('en-GB');
  const details = Object.entries(fields).map(([name, value]) => `${name}=${renderValue(value)}`);
  const text = [
    `${at} ${LEVELS[Number(level)] ?? level}: ${escapeValue(String(msg ?? ''))}`,
    details.length === 0 ? '' : ` (${details.join(', ')})`,
  ].join('');
  return `${text}${renderError(err)}\n`;
}

const renderValue = (value: unknown) =>
  escapeValue(typeof value === 'string' ? value : JSON.stringify(value));

function renderError(error: unknown): string {
  if (typeof error !== 'object' || error === null)
    return error === undefined ? '' : `\n  ${renderValue(error)}`;
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  const text = typeof stack === 'string' ? stack : String(message);
  return escapeText(`\n${text}`).replaceAll('\n', '\n  ');
}
