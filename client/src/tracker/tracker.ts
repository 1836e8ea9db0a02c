import type { EventContext } from '../api/events.ts';
import { type Fetch, GLOBAL_FETCH, type Target } from '../http/transport.ts';
import { getGate } from '../retry/gate-registry.ts';
import { createSequentialGate } from '../retry/sequential-gate.ts';
import { checkApiKey, checkOptions } from '../runtime/check-options.ts';
import { BACKGROUND_CLOCK, type Clock } from '../runtime/clock.ts';
import { isDevelopment } from '../runtime/environment.ts';
import { type AppflowStorage, findStorage } from '../runtime/storage.ts';
import { detectContext, type ReactNativePlatform } from './detect-context.ts';
import { createFlushScheduler, type FlushScheduler } from './flush-scheduler.ts';
import type { FlushOptions } from './flush-timer.ts';
import { createJournal, type Journal } from './journal.ts';
import { type AppflowEvents, createListeners, type DroppedEvent, type Listeners } from './listeners.ts';
import { createQueue, type Queue } from './queue.ts';
import { type AppEvent, createRecorder, type Recorder, type TrackOptions } from './recorder.ts';

/** Options of a tracker; all but the first two are optional. */
export type AppflowOptions = FlushOptions & {
  /** A client key (`ck_`). */
  apiKey: string;
  /** The URL of the server, e.g. `https://events.example.com`. */
  baseUrl: string;
  /** The app the events belong to; required if the project has several. */
  appId?: string;
  /** Where queued events are kept across restarts. Default: localStorage in a browser, otherwise memory only. */
  storage?: AppflowStorage | undefined;
  /** The maximum number of queued events; beyond it, the oldest are dropped and counted. Default 1,000. */
  queueSizeMax?: number;
  /** The context of all events; see `setContext`. Overrides what the tracker detects. */
  context?: EventContext;
  /** React Native's `Platform`, for `platform`, `os_version` and `device_model`. */
  platform?: ReactNativePlatform;
  fetch?: Fetch;
  clock?: Clock;
  /** Returns numbers from 0 to 1, like Math.random. */
  random?: () => number;
};

/** Properties of a user by name, any JSON; null removes one. */
export type UserProperties = Record<string, unknown>;

/** User properties to replace, and to set unless they are set already. */
export type UserPropertyChanges = {
  set?: UserProperties | undefined;
  setOnce?: UserProperties | undefined;
};

/** Keys that can do more than send events. */
const SECRET_KEY = /^(sk|ro)_/;
const FLUSH_TIMEOUT_MS = 10_000;
const SHUTDOWN_TIMEOUT_MS = 5_000;

/**
 * Tracks events in an app. Its methods never throw or block; failures are reported to `on('error')`.
 * @example
 * ```ts
 * import { Appflow } from '@appflow/client';
 *
 * const appflow = new Appflow({ apiKey: 'ck_af1_…', baseUrl: 'http://127.0.0.1:8080', appId: 'app_…' });
 * appflow.track('app_open');
 * await appflow.shutdown();
 * ```
 */
export class Appflow {
  readonly #clock: Clock;
  readonly #listeners: Listeners;
  readonly #queue: Queue;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #flushScheduler: FlushScheduler;
  readonly #ready: Promise<void>;
  #apiKey: string;
  #isShutDown = false;

  /** Throws AppflowError if the key or the URL cannot work, and in a browser if the key can do more than send events. */
  constructor(options: AppflowOptions) {
    checkOptions(options, SECRET_KEY);
    const { baseUrl, appId, clock = BACKGROUND_CLOCK, fetch = GLOBAL_FETCH, random = Math.random } = options;
    const storage = 'storage' in options ? options.storage : findStorage();
    this.#apiKey = options.apiKey;
    this.#clock = clock;
    this.#listeners = createListeners(options.debug || isDevelopment());
    this.#queue = createQueue(options.queueSizeMax);
    const contexts = [detectContext(options.platform), options.context];
    this.#recorder = createRecorder(this.#queue, contexts, this.#listeners, clock.now());
    this.#journal = createJournal(
      storage,
      // Without an app, the key's checksum separates projects: events queued for one must not be sent to another. Not the URL:
      // a server that moves keeps its apps and keys, and the events queued for it.
      `appflow.${appId ?? options.apiKey.slice(-6)}`,
      this.#recorder,
      () => this.#flushScheduler.schedule(),
      this.#listeners.failed,
    );
    const connect = () => {
      const target: Target = { apiKey: this.#apiKey, baseUrl, fetch, clock };
      return { target, gate: getGate(target, 'tracker', () => createSequentialGate(clock, random)) };
    };
    this.#flushScheduler = createFlushScheduler(options, clock, {
      queue: this.#queue,
      appId,
      connect,
      journal: this.#journal,
      listeners: this.#listeners,
    });
    this.#ready = this.#journal.open();
  }

  /**
   * Tracks an event: `name` in snake_case, `properties` any JSON. `timestamp` and `eventId` are for events that happened earlier
   * or have an ID of their own.
   * @example
   * ```ts
   * appflow.track('purchase_complete', { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' });
   * appflow.track('workout_imported', { minutes: 42 }, { timestamp: new Date(Date.now() - 86_400_000) });
   * ```
   */
  track(name: string, properties?: Record<string, unknown>, options?: TrackOptions): void {
    const { eventId, timestamp } = options ?? {};
    this.#recordCopy({ event_name: name, properties, event_id: eventId ?? undefined }, (event, atMs) =>
      this.#recorder.track(event, atMs, timestamp),
    );
  }

  /**
   * Sets the user of later events, by your own ID for them: up to 256 bytes. Earlier events of this device count as theirs too.
   * `set` and `setOnce` are user properties, see `setUserProperties`.
   * @example
   * ```ts
   * appflow.identify('user_123', { set: { plan: 'pro' }, setOnce: { source: 'ad' } });
   * ```
   */
  identify(appUserId: string, changes?: UserPropertyChanges): void {
    const { set, setOnce } = changes ?? {};
    const properties = (set || setOnce) && { $set: set, $set_once: setOnce };
    this.#recordCopy(
      { event_name: '$identify', app_user_id: appUserId, properties },
      this.#recorder.identify,
    );
  }

  /**
   * Sets properties of the user, any JSON: `set` replaces values, and null removes one; `setOnce` keeps values that are there.
   * @example
   * ```ts
   * appflow.setUserProperties({ plan: 'pro', trial_ends: null }, { source: 'ad' });
   * ```
   */
  setUserProperties(set: UserProperties, setOnce?: UserProperties): void {
    const properties = { $set: set, $set_once: setOnce };
    this.#recordCopy({ event_name: '$set', properties }, this.#recorder.setUserProperties);
  }

  /**
   * Adds to the context of all later events. Numbers become text, null removes a value; values of more than 128 characters are
   * ignored and reported to `on('error')`.
   * @example
   * ```ts
   * appflow.setContext({ app_version: '2.4.0', country: 'DE' });
   * ```
   */
  setContext(context: EventContext): void {
    this.#record(() => this.#recorder.setContext(context));
  }

  /**
   * Switches to another key, also after the server rejected the old one, and sends the queue with it. Throws AppflowError if the
   * key cannot work.
   * @example
   * ```ts
   * appflow.setApiKey(clientKey);
   * ```
   */
  setApiKey(apiKey: string): void {
    checkApiKey(apiKey, SECRET_KEY);
    this.#apiKey = apiKey;
    this.#flushScheduler.restart();
    void this.flush();
  }

  /**
   * Clears the user, e.g. on sign-out: ends the session; later events get a new anonymous ID.
   * @example
   * ```ts
   * appflow.reset();
   * ```
   */
  reset(): void {
    this.#record(this.#recorder.reset);
  }

  /**
   * Stops tracking on this device, also after a restart: discards the queue, the user and the session, and ignores all calls
   * until `optIn`. Events the server already has stay there.
   * @example
   * ```ts
   * appflow.optOut();
   * ```
   */
  optOut(): void {
    this.#journal.record(() => this.#recorder.optOut(this.#clock.now()));
    // Aborts a batch in flight.
    this.#flushScheduler.restart();
  }

  /**
   * Tracks again after `optOut`, as a new anonymous user: call `identify` if someone is signed in.
   * @example
   * ```ts
   * appflow.optIn();
   * ```
   */
  optIn(): void {
    this.#journal.record(() => this.#recorder.optIn(this.#clock.now()));
  }

  /**
   * Whether this device opted out. With an async storage, it is known once that has answered, e.g. after `flush`.
   * @example
   * ```ts
   * if (appflow.isOptedOut()) console.log('Not tracking.');
   * ```
   */
  isOptedOut(): boolean {
    return this.#recorder.state().who.isOptedOut === true;
  }

  /**
   * Sends the queue now. Resolves when it is sent and saved, when that fails, or after `timeoutMs` (default 10,000).
   * @example
   * ```ts
   * await appflow.flush();
   * ```
   */
  async flush({ timeoutMs = FLUSH_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    let timer: unknown;
    const timeout = new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, timeoutMs, true);
    });
    // The timeout also covers a storage that never answers.
    await Promise.race([timeout, this.#ready.then(this.#flushScheduler.sendAll).then(this.#journal.flush)]);
    this.#clock.clearTimeout(timer);
  }

  /**
   * Ends the session, sends the queue and stops; events not sent within `timeoutMs` (default 5,000) stay in the storage.
   * @example
   * ```ts
   * await appflow.shutdown({ timeoutMs: 2_000 });
   * ```
   */
  async shutdown({ timeoutMs = SHUTDOWN_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    if (!this.#isShutDown) this.#record(this.#recorder.endSession);
    this.#isShutDown = true;
    await this.flush({ timeoutMs });
    this.#flushScheduler.stop();
  }

  /**
   * Returns how many events are queued, have reached the server, and were lost.
   * @example
   * ```ts
   * const { queued, sent, dropped } = appflow.stats();
   * console.log(queued, sent, dropped);
   * ```
   */
  stats(): { queued: number; sent: number; dropped: number } {
    return { queued: this.#queue.size(), ...this.#listeners.counts() };
  }

  /**
   * Calls `listener` for each such event until the returned function is called.
   * @example
   * ```ts
   * const stop = appflow.on('drop', ({ count, reason, events }) => console.log(`${count} lost: ${reason}`, events));
   * stop();
   * ```
   */
  on<E extends keyof AppflowEvents>(event: E, listener: (details: AppflowEvents[E]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  /** Records an event as it is now: the app may change its objects afterward. */
  #recordCopy(passed: DroppedEvent, change: (event: AppEvent, atMs: number) => void): void {
    try {
      const event: AppEvent = JSON.parse(JSON.stringify(passed));
      this.#record((atMs) => change(event, atMs), event);
    } catch {
      this.#listeners.dropped('invalid_properties', [passed]);
    }
  }

  /** Applies a change; after shutdown, reports the event it would have caused. */
  #record(change: (atMs: number) => void, event?: AppEvent): void {
    const atMs = this.#clock.now();
    if (!this.#isShutDown) this.#journal.record(() => change(atMs));
    else if (event) this.#listeners.dropped('shut_down', [event]);
  }
}
