import type { ApiKey } from '../../directory/key.ts';
import { createUsageStore } from '../../keys/usage/usage-store.ts';
import {
  addSecretUse,
  createKeyUse,
  type KeyUse,
  OUTCOMES_PER_CATEGORY,
  USAGE_CATEGORIES,
} from '../../keys/usage/usage-tally.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../server/open-services.ts';
import { randomOf } from './random.ts';

/** How a key is used: in which hours of the day (UTC), daily or on Mondays only, and about how many times per hour. */
export type DemoUse = {
  category: (typeof USAGE_CATEGORIES)[number];
  perHour: number;
  fromHour: number;
  toHour: number;
  isWeekly: boolean;
  ip: string;
  sdk: string;
};

const DAYS = 30;
const MONDAY = 1;

type UsedKey = { key: ApiKey; use?: DemoUse };

/** Writes the usage of keys in the 30 days before `nowMs`, as a server would have. The same seed gives the same counts. */
export async function writeDemoUsage(
  { control, clock }: Pick<ControlServices, 'control' | 'clock'>,
  { seed, nowMs }: { seed: number; nowMs: number },
  keys: readonly UsedKey[],
): Promise<void> {
  const tallies = new Map<string, KeyUse>();
  const store = createUsageStore(control, clock, tallies);
  await store.load();
  for (const { key, use } of keys) {
    if (!use) continue;
    const tally = createKeyUse(key.id);
    tallies.set(key.id, tally);
    // The oldest secret, which was in use before the rotation.
    const version = Math.min(...key.secrets.map((secret) => secret.version));
    const secret = Object.assign(addSecretUse(tally, version), { lastUsedIp: use.ip, lastUsedSdk: use.sdk });
    for (const { hour, count } of listHours(use, randomOf('usage', seed, key.name), nowMs)) {
      store.countsOf(tally, hour)[USAGE_CATEGORIES.indexOf(use.category) * OUTCOMES_PER_CATEGORY] = count;
      secret.requestsUnsaved += count;
      secret.lastUsedAt = Math.min(hour + HOUR_MS, nowMs) - 1;
    }
    if (secret.requestsUnsaved > 0) store.markUnsaved(tally);
  }
  await store.flush();
}

/** Returns the hours in which a key was used and how many times, oldest first. */
function listHours(use: DemoUse, random: () => number, nowMs: number): { hour: number; count: number }[] {
  const thisHour = nowMs - (nowMs % HOUR_MS);
  const hours = Array.from({ length: DAYS * 24 }, (_, index) => thisHour - (DAYS * 24 - 1 - index) * HOUR_MS);
  return hours.flatMap((hour) => {
    const count = Math.round(use.perHour * (0.6 + 0.8 * random()));
    const date = new Date(hour);
    const isOn =
      date.getUTCHours() >= use.fromHour &&
      date.getUTCHours() < use.toHour &&
      (!use.isWeekly || date.getUTCDay() === MONDAY);
    return isOn ? [{ hour, count }] : [];
  });
}
