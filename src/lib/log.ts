import { type DestinationStream, type Logger, pino } from 'pino';
import { renderLogLine } from './log-line.ts';

/** The structured logger. */
export type Log = Logger;

/** Where log lines go. */
export type LogDestination = DestinationStream;

/**
 * Opens the structured logger, on standard error unless `to` is given: JSON lines, or readable ones on a terminal. Callers
 * log IDs, never headers or bodies. `redact` filters every finished line, because database errors quote the query.
 */
export function openLog(
  level: string,
  redact: (line: string) => string = (line) => line,
  to?: LogDestination,
  isTerminal = to === undefined && process.stderr.isTTY,
): Log {
  const streamWrite = isTerminal ? (line: string) => renderLogLine(redact(line)) : redact;
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite } },
    to ?? pino.destination({ dest: 2, sync: true }),
  );
}
