import { DAY_MS } from '../../lib/durations.ts';
import { payments } from './payments.ts';
import {
  createDemoPerson,
  type DEMO_PLATFORMS,
  type DemoPerson,
  type DemoPlan,
  type DemoPlatform,
} from './person.ts';
import { randomOf } from './random.ts';
import { type Action, identify, isActiveOn, visit } from './visits.ts';

/** App versions and the day each was released, newest first. */
export const RELEASES = [
  ['3.2.0', 76],
  ['3.1.0', 55],
  ['3.0.1', 37],
  ['3.0.0', 33],
  ['2.9.0', 12],
  ['2.8.4', Number.NEGATIVE_INFINITY],
] as const;

/** An event of the demo, as `POST /v1/events` accepts it. */
export type DemoEvent = {
  event_id: string;
  app_id: string;
  event_name: string;
  app_user_id: string;
  session_id?: string;
  timestamp: string;
  properties?: Record<string, unknown>;
  context: Record<string, string>;
};

/** The app of each platform, and the midnight of day 0 (epoch milliseconds, UTC). */
export type DemoStage = { appIds: Record<DemoPlatform, string>; startMs: number };

/**
 * Yields the events of each day, starting with day 0, that occurred after `fromMs` and until `untilMs` inclusive (epoch
 * milliseconds). Ids and times depend on plan and stage alone, so every run generates the same events.
 */
export function* makeDays(
  plan: DemoPlan,
  stage: DemoStage,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): Generator<DemoEvent[]> {
  const people = Array.from({ length: plan.users }, (_, index) => createDemoPerson(plan, index));
  const first = Math.max(0, Math.floor((fromMs - stage.startMs) / DAY_MS));
  const last = Math.floor((untilMs - stage.startMs) / DAY_MS);
  for (let day = first; day <= last; day += 1) {
    const dayMs = stage.startMs + day * DAY_MS;
    const isWithin = ({ atMs }: Action) => dayMs + atMs > fromMs && dayMs + atMs <= untilMs;
    yield people
      .flatMap((person) => makeDay(plan, stage, person, day, isWithin))
      .sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1));
  }
}

/** Returns how many days `makeDays` yields. */
export function countDemoDays({ startMs }: DemoStage, fromMs: number, untilMs: number): number {
  return Math.floor((untilMs - startMs) / DAY_MS) - Math.max(0, Math.floor((fromMs - startMs) / DAY_MS)) + 1;
}

function makeDay(
  { seed }: DemoPlan,
  { appIds, startMs }: DemoStage,
  person: DemoPerson,
  day: number,
  isWithin: (action: Action) => boolean,
): DemoEvent[] {
  const random = randomOf('day', seed, person.index, day);
  const weekday = new Date(startMs + day * DAY_MS).getUTCDay();
  const isActive = isActiveOn(person, day, weekday, random);
  const visited = isActive ? visit(person, day, random) : [];
  const actions = [
    ...visited,
    ...payments(person, day, isActive, random),
    ...visited.flatMap((action) => identify(action, deviceOf(person))),
  ];
  const context = contextOf(person, day);
  return actions.flatMap((action, index) => {
    if (!isWithin(action)) return [];
    return {
      event_id: `demo-${seed}-${person.index}-${day}-${index}`,
      app_id: appIds[person.platform],
      event_name: action.name,
      app_user_id: action.isAnonymous ? deviceOf(person) : person.id,
      ...(action.session === undefined ? {} : { session_id: action.session }),
      timestamp: new Date(startMs + day * DAY_MS + action.atMs).toISOString(),
      ...(action.properties ? { properties: action.properties } : {}),
      context,
    };
  });
}

/** The ID that the app uses on the person's first device before they sign up. */
const deviceOf = ({ id }: DemoPerson) => `device_${id.slice('user_'.length)}`;

function contextOf(person: DemoPerson, day: number): Record<string, string> {
  // The web app always has the newest version.
  const delayDays = person.platform === 'web' ? 0 : person.updateDays;
  const [version] = RELEASES.find(([, released]) => released + delayDays <= day) ?? ['2.8.4'];
  return {
    platform: person.platform,
    os_version: person.osVersion,
    app_version: version,
    country: person.country,
    locale: person.locale,
    device_model: person.device,
    sdk: person.platform === 'web' ? 'appflow-js/1.0.0' : 'appflow-js/0.9.2',
  };
}

/** The names of the demo's apps. */
export const DEMO_APP_NAMES: Record<(typeof DEMO_PLATFORMS)[number], string> = {
  ios: 'Lingo for iOS',
  android: 'Lingo for Android',
  web: 'Lingo for Web',
};
