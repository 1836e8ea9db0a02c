import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/durations.ts';
import type { DemoPerson } from './person.ts';
import { pick, type Random } from './random.ts';

/** Something a person does in an app: an event name, its properties, and milliseconds since midnight UTC. */
export type Action = {
  name: string;
  atMs: number;
  properties?: Record<string, unknown>;
  session?: string;
  /** Whether it was before the person signed up, under the ID of the device. */
  isAnonymous?: true;
};

/** Relative activity per weekday, Sunday first. */
const WEEKDAYS = [1.15, 0.92, 0.9, 0.92, 0.96, 1.08, 1.22];

/** Relative activity per local hour. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 7, 8, 7, 6, 6, 8, 8, 6, 6, 7, 8, 10, 12, 13, 12, 8, 4].map(
  (weight, hour) => [hour, weight] as const,
);

const SCREENS = [
  ['home', 40],
  ['lesson', 28],
  ['library', 14],
  ['profile', 10],
  ['settings', 5],
] as const;

const ACTIONS = [
  ['lesson_started', 34],
  ['lesson_completed', 26],
  ['search', 14],
  ['item_saved', 12],
  ['share_tapped', 5],
  ['notification_opened', 9],
] as const;

/** Whether a person is active on a day: often at first, then less and less, and more on weekends. */
export function isActiveOn(
  { joined, loyalty }: DemoPerson,
  day: number,
  weekday: number,
  random: Random,
): boolean {
  if (day < joined) return false;
  if (day === joined) return true;
  const fading = (1 + day - joined) ** -(0.75 - 0.6 * loyalty);
  return random() < fading * (0.35 + 0.6 * loyalty) * (WEEKDAYS[weekday] ?? 1);
}

/** Returns what a person does on an active day, in one to three sessions. */
export function visit(person: DemoPerson, day: number, random: Random): Action[] {
  const isFirst = day === person.joined;
  const sessions = pick(random, [
    [1, 62],
    [2, 28],
    [3, 10],
  ] as const);
  return Array.from({ length: sessions }, (_, index) => {
    const localMs = (pick(random, HOURS) + random()) * HOUR_MS;
    const startMs = (localMs - person.zoneHours * HOUR_MS + DAY_MS) % DAY_MS;
    const isSignUp = isFirst && index === 0;
    return session(`s_${person.index}_${day}_${index}`, startMs, isSignUp ? person : undefined, random);
  }).flat();
}

/** `newcomer` is the person who signs up in this session. */
function session(id: string, startMs: number, newcomer: DemoPerson | undefined, random: Random): Action[] {
  const names: [string, Record<string, unknown>?][] = [['app_open']];
  if (newcomer)
    names.push([
      'sign_up',
      {
        method: pick(random, [
          ['apple', 40],
          ['google', 38],
          ['email', 22],
        ]),
        ...(newcomer.isFromCampaign && { campaign: 'back_to_school' }),
      },
    ]);
  if (newcomer && random() < 0.72) names.push(['onboarding_completed', { steps: 4 }]);
  const count = 1 + Math.floor(random() * 5);
  for (let done = 0; done < count; done += 1) {
    names.push(['screen_view', { screen: pick(random, SCREENS) }]);
    if (random() < 0.55) names.push([pick(random, ACTIONS)]);
  }
  if (random() < 0.09)
    names.push([
      'paywall_viewed',
      {
        source: pick(random, [
          ['lesson', 60],
          ['profile', 40],
        ]),
      },
    ]);
  let atMs = startMs;
  return names.map(([name, properties], index) => {
    const isAnonymous = newcomer !== undefined && index === 0;
    atMs = Math.min(atMs + Math.floor(2_000 + random() * MINUTE_MS), DAY_MS - 1);
    const at = { name, atMs: Math.floor(atMs), session: id };
    return { ...at, ...(properties && { properties }), ...(isAnonymous && { isAnonymous }) };
  });
}

/** Returns what links the device of a newcomer to the new account, when that signs up. */
export function identify({ name, atMs, session, properties }: Action, deviceId: string): Action[] {
  if (name !== 'sign_up' || session === undefined) return [];
  const $set_once = { signed_up_with: properties?.method };
  return [{ name: '$identify', atMs, session, properties: { anonymous_id: deviceId, $set_once } }];
}
