import { type Random, randomOf } from '../../../src/cli/demo/random.ts';
import { DAY_MS } from '../../../src/lib/durations.ts';
import type { SentEvent } from '../../analytics/persons-reference.ts';
import { groupOf, type Sent } from './sent.ts';

/** Groups of IDs; one person of each can be erased. */
const GROUPS = 60;
const MEMBERS = ['a', 'b', 'x', 'y', 'z'];
/** The days that events are dated on: none is today, which ends during a test at midnight. */
export const DAYS = 20;

const NAMES = ['app_open', 'purchase', 'level_up'];

/** Draws events of an app. */
export type Draw = {
  random: Random;
  /** Returns an integer from 0 to below `end`. */
  below(end: number): number;
  /** Returns a new event, of a group that may be linked, or of anyone. */
  event(isOf?: (user: string) => boolean): SentEvent;
  /** Returns a new link between two IDs of a group; often it is late, and often in conflict with another one. */
  link(isOf: (user: string) => boolean): SentEvent;
  /** Returns an ID. */
  user(isOf?: (user: string) => boolean): string;
};

/** Returns what draws the events of one round, the same for the same seed; `end` is the last time they are dated, epoch milliseconds. */
export function createDraw(appId: string, seed: string, end: number): Draw {
  const random = randomOf('crash', seed);
  let events = 0;
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(of: readonly T[]) => of[below(of.length)] as T;

  function user(isOf: (user: string) => boolean = () => true): string {
    for (;;) {
      const drawn = `g${below(GROUPS)}-${pick(MEMBERS)}`;
      if (isOf(drawn)) return drawn;
    }
  }

  function event(isOf?: (user: string) => boolean): SentEvent {
    const timestamp = new Date(end - below(DAYS * DAY_MS)).toISOString();
    events += 1;
    const event_name = pick(NAMES);
    const isPaid = event_name === 'purchase';
    return {
      ...{ app_id: appId, event_id: `${seed}-${events}`, event_name, app_user_id: user(isOf), timestamp },
      ...{
        session_id: String(below(3)),
        receivedAt: 0,
        context: { platform: 'ios', country: pick(['DE', 'US']) },
      },
      ...(isPaid && { properties: { revenue: pick(['1', '2.50']), currency: pick(['USD', 'EUR']) } }),
    };
  }

  return {
    ...{ random, below, event, user },
    link(isOf) {
      const { context: _, ...plain } = event(isOf);
      const others = MEMBERS.map((member) => `${groupOf(plain.app_user_id)}-${member}`);
      const anonymous_id = pick(others.filter((one) => one !== plain.app_user_id));
      return { ...plain, event_name: '$identify', properties: { anonymous_id } };
    },
  };
}

/** Returns whether an ID is of no group in which someone is erased, or being erased. */
export function createUntouched({ erased, erasing }: Sent): (user: string) => boolean {
  const touched = new Set([...erased, ...erasing].map(groupOf));
  return (user) => !touched.has(groupOf(user));
}
