import type { EventContext } from '../api/wire.ts';
import type { Fetch } from '../http/transport.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AppflowStorage } from '../runtime/storage.ts';
import type { PaceOptions } from './flush-timer.ts';

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
