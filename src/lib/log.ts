import { type DestinationStream, type Logger, pino } from 'pino';

/** The structured logger. */
export type Log = Logger;

/** Where log lines go. */
export type LogDestination = DestinationStream;

/**
 * Opens the structured logger (JSON lines, on standard error unless `to` is given). Callers log ids, never headers or
 * bodies. `redact` filters every finished line, because database errors quote the query.
 */
export function openLog(
  level: string,
  redact: (line: string) => string = (line) => line,
  to: LogDestination = pino.destination({ dest: 2, sync: true }),
): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: redact } },
    to,
  );
}
