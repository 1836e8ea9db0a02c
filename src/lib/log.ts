import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Returns the structured logger (JSON lines on standard error). Callers log ids, never headers or bodies. */
export function openLog(level: string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
