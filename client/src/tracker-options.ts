import type { Clock } from './clock.ts';
import type { PaceOptions } from './pace.ts';
import type { AppflowStorage } from './storage.ts';
import type { Fetch } from './transport.ts';
import type { EventContext } from './wire.ts';

/** What a tracker is made of; all but the first two have a default. */
export type AppflowOptions = PaceOptions & {
  /** A client key (`ck_`). */
  apiKey: string;
  /** Where the server is, e.g. `https://events.example.com`. */
  baseUrl: string;
  /** The app the events belong to; needed when the project has several. */
  appId?: string;
  /** Where events wait for the next start. Default: localStorage in a browser, else memory only. */
  storage?: AppflowStorage | undefined;
  /** So many events wait at most; beyond, the oldest are dropped and counted. Default 1,000. */
  queueSizeMax?: number;
  /** What is said of each event; see `setContext`. */
  context?: EventContext;
  fetch?: Fetch;
  clock?: Clock;
  /** Numbers from 0 to 1. */
  random?: () => number;
};
