import { type Logger, pino } from 'pino';

export type Log = Logger;

/**
 * Returns the structured logger (JSON lines on standard error). Callers log ids, never headers or bodies; `redact` sees
 * each line last, because a database quotes in its errors what it was asked.
 */
export function openLog(level: string, redact: (line: string) => string = (line) => line): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: redact } },
    pino.destination({ dest: 2, sync: true }),
  );
}
