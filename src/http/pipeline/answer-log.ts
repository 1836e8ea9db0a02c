import type { Clock } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';

/** How many failed answers of one error code are logged per minute; the rest are counted. */
export const FAILURE_LINES_PER_MINUTE = 20;

/** Logs failed answers. Callers can cause any number of them, so the lines are limited, per error code or message. */
export type AnswerLog = {
  write: (level: 'warn' | 'error', fields: Record<string, unknown>, code: string) => void;
};

type Window = { endsAt: number; lines: number; omitted: number };

/** Returns the log of one server's failed answers. How many lines were left out is in the next line of the same code. */
export function createAnswerLog({ clock, log }: { clock: Clock; log: Log }): AnswerLog {
  const windows = new Map<string, Window>();
  return {
    write(level, fields, code) {
      const now = clock.now();
      const last = windows.get(code);
      let window = last;
      if (!window || now >= window.endsAt || window.endsAt - now > MINUTE_MS) {
        window = { endsAt: now + MINUTE_MS, lines: 0, omitted: last?.omitted ?? 0 };
        windows.set(code, window);
      }
      if (window.lines >= FAILURE_LINES_PER_MINUTE) {
        window.omitted += 1;
        return;
      }
      window.lines += 1;
      const { omitted } = window;
      window.omitted = 0;
      log[level](omitted === 0 ? fields : { ...fields, omittedBefore: omitted }, code);
    },
  };
}
