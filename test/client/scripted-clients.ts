import assert from 'node:assert/strict';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { AppflowError } from '../../client/src/api/errors.ts';
import type { AppflowStorage } from '../../client/src/runtime/storage.ts';
import type { AppflowEvents } from '../../client/src/tracker/listeners.ts';
import { Appflow } from '../../client/src/tracker/tracker.ts';
import type { Scripted, Seen, World } from './scripted-server.ts';

/** The response to a list without rows. */
export const PAGE = { status: 200, body: { data: [], next_cursor: null } };

/** Returns an admin client of the scripted server; `random` is the result of every random draw. */
export const connectAdmin = ({ url, clock, fetch }: World, random = 0, timeLimitMs = 300_000) =>
  new AppflowAdmin({ apiKey: 'sk_1', baseUrl: url, clock, fetch, random: () => random, timeLimitMs });

/** Returns a tracker of the scripted server, without jitter. */
export const connectTracker = ({ url, clock, fetch }: World, options: object = {}) =>
  new Appflow({ apiKey: 'ck_1', baseUrl: url, clock, fetch, random: () => 0, ...options });

/** Returns a drop in one line, with the names of its events. */
export const toDropLine = ({ count, reason, events }: AppflowEvents['drop']) =>
  `${count} ${reason}: ${events.map(({ event_name }) => event_name)}`;

/** Sends these responses in turn, then repeats the last one forever. */
export const inTurn =
  (...answers: Scripted[]) =>
  (_seen: Seen, n: number): Scripted =>
    answers[Math.min(n, answers.length - 1)] ?? PAGE;

/** Returns when each request arrived, in milliseconds of the manual clock. */
export const timesOf = ({ seen }: World) => seen.map(({ atMs }) => atMs);

/** Returns the AppflowError that `work` rejects with; fails if it does not. */
export async function failureOf(work: Promise<unknown>): Promise<AppflowError> {
  const error = await work.then(
    () => assert.fail('It should have failed.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppflowError, String(error));
  return error;
}

/** A storage in memory; `isAsync` as on a mobile device. */
export function makeStorage(isAsync = false): AppflowStorage & { items: Map<string, string> } {
  const items = new Map<string, string>();
  const answer = <T>(value: T) => (isAsync ? Promise.resolve(value) : value);
  return {
    items,
    getItem: (key) => answer(items.get(key) ?? null),
    setItem: (key, value) => answer(void items.set(key, value)),
    removeItem: (key) => answer(void items.delete(key)),
  };
}
