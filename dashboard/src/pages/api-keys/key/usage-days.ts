import { DAY_MS } from '../../../../../src/lib/durations.ts';
import type { UsageHour } from '../../../api/answers.ts';

export type UsageDay = { day: string; ok: number; unauthorized: number; forbidden: number; limited: number };

/** Returns the requests of the last `days` days (UTC) by outcome, oldest first. Days without requests are zeros. */
export function sumByDay(hours: readonly UsageHour[], days: number, now: number): UsageDay[] {
  const sums = new Map<string, UsageDay>();
  for (let ago = days - 1; ago >= 0; ago -= 1) {
    const day = new Date(now - ago * DAY_MS).toISOString().slice(0, 10);
    sums.set(day, { day, ok: 0, unauthorized: 0, forbidden: 0, limited: 0 });
  }
  for (const { hour, ok, unauthorized, forbidden, limited } of hours) {
    const sum = sums.get(hour.slice(0, 10));
    if (!sum) continue;
    sum.ok += ok;
    sum.unauthorized += unauthorized;
    sum.forbidden += forbidden;
    sum.limited += limited;
  }
  return [...sums.values()];
}

/** Returns the total requests of a day. */
export function totalRequests({ ok, unauthorized, forbidden, limited }: Omit<UsageDay, 'day'>): number {
  return ok + unauthorized + forbidden + limited;
}
