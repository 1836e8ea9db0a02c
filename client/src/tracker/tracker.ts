import type { EventContext } from '../api/wire.ts';
import { type Fetch, GLOBAL_FETCH, type Target } from '../http/transport.ts';
import { findGate } from '../retry/rate-limit-gate.ts';
import { BACKGROUND_CLOCK, type Clock } from '../runtime/clock.ts';
import { isDevelopment, refuseInBrowser } from '../runtime/environment.ts';
import { type AppflowStorage, findStorage } from '../runtime/storage.ts';
import { createDepartures, type Departures } from './flush-scheduler.ts';
import type { PaceOptions } from './flush-timer.ts';
import { createJournal, type Journal } from './journal.ts';
import { type AppflowEvents, createReport, type Report } from './listeners.ts';
import { guessContext } from './page-context.ts';
import { createQueue, type Queue } from './queue.ts';
import { createRecorder, type Recorder } from './recorder.ts';

const FLUSH_LIMIT_MS = 10_000;
const SHUTDOWN_LIMIT_MS = 5_000;

/**
 * Sends what happens in an app. No method of it throws or blocks; what goes wrong is told to `on('error')`.
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
  readonly #report: Report;
  readonly #queue: Queue;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #departures: Departures;
  readonly #ready: Promise<void>;
  #apiKey: string;
  #isShut = false;

  /** Throws AppflowError when a key that can do more than write events is in a browser. */
  constructor(options: AppflowOptions) {
    const { baseUrl, appId, clock = BACKGROUND_CLOCK, fetch = GLOBAL_FETCH, random = Math.random } = options;
    const storage = 'storage' in options ? options.storage : findStorage();
    refuseInBrowser(options.apiKey, ['sk_', 'ro_']);
    this.#apiKey = options.apiKey;
    this.#clock = clock;
    this.#report = createReport(options.debug || isDevelopment());
    this.#queue = createQueue(options.queueSizeMax);
    const context = { ...guessContext(), ...options.context };
    this.#recorder = createRecorder(this.#queue, context, this.#report.dropped, clock.now());
    this.#journal = createJournal({
      storage,
      // Without an app, the key's checksum tells projects apart: what waits for one must not be sent to another.
      key: `appflow.${baseUrl}.${appId ?? options.apiKey.slice(-6)}`,
      recorder: this.#recorder,
      onChange: () => this.#departures.note(),
      onError: this.#report.failed,
    });
    const connect = () => {
      const target: Target = { apiKey: this.#apiKey, baseUrl, fetch, clock };
      return { target, gate: findGate(target, 'events', random) };
    };
    this.#departures = createDepartures(options, clock, {
      queue: this.#queue,
      appId,
      connect,
      journal: this.#journal,
      report: this.#report,
    });
    this.#ready = this.#journal.open();
  }

  /**
   * Notes that something happened: `name` in snake_case, `properties` any JSON.
   * @example
   * ```ts
   * appflow.track('purchase_complete', { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' });
   * ```
   */
  track(name: string, properties?: Record<string, unknown>): void {
    let copy: Record<string, unknown> | undefined;
    try {
      // As it is now: the app may change the object afterwards.
      copy = properties === undefined ? undefined : JSON.parse(JSON.stringify(properties));
    } catch {
      this.#report.dropped(1, 'invalid_properties');
      return;
    }
    this.#record((atMs) => this.#recorder.track(name, copy, atMs));
  }

  /**
   * Says who uses the app from now on. What happened before on this device counts as theirs.
   * @example
   * ```ts
   * appflow.identify('user_123');
   * ```
   */
  identify(appUserId: string): void {
    this.#record((atMs) => this.#recorder.identify(appUserId, atMs));
  }

  /**
   * Adds to what is said of each later event.
   * @example
   * ```ts
   * appflow.setContext({ app_version: '2.4.0', country: 'DE' });
   * ```
   */
  setContext(context: EventContext): void {
    this.#record(() => this.#recorder.setContext(context));
  }

  /**
   * Goes on with another key, also after the server refused the former one; what waits is sent with it.
   * @example
   * ```ts
   * appflow.setApiKey(clientKey);
   * ```
   */
  setApiKey(apiKey: string): void {
    refuseInBrowser(apiKey, ['sk_', 'ro_']);
    this.#apiKey = apiKey;
    this.#departures.restart();
    void this.flush();
  }

  /**
   * Forgets who uses the app, e.g. at sign-out: ends the session, and later events are somebody else's.
   * @example
   * ```ts
   * appflow.reset();
   * ```
   */
  reset(): void {
    this.#record(this.#recorder.reset);
  }

  /**
   * Sends what waits now. Resolves when that is done and stored, cannot be, or `timeoutMs` (10,000) have passed.
   * @example
   * ```ts
   * await appflow.flush();
   * ```
   */
  async flush({ timeoutMs = FLUSH_LIMIT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    let timer: unknown;
    const late = new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, timeoutMs, true);
    });
    // A storage that never answers must not hold it up either.
    await Promise.race([late, this.#ready.then(this.#departures.sendAll).then(this.#journal.saved)]);
    this.#clock.clearTimeout(timer);
  }

  /**
   * Ends the session, sends what waits and stops; what could not be sent in `timeoutMs` (5,000) waits in the storage.
   * @example
   * ```ts
   * await appflow.shutdown({ timeoutMs: 2_000 });
   * ```
   */
  async shutdown({ timeoutMs = SHUTDOWN_LIMIT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    if (!this.#isShut) this.#record(this.#recorder.endSession);
    this.#isShut = true;
    await this.flush({ timeoutMs });
    this.#departures.stop();
  }

  /**
   * Returns how many events wait, reached the server, and never will.
   * @example
   * ```ts
   * const { queued, sent, dropped } = appflow.stats();
   * console.log(queued, sent, dropped);
   * ```
   */
  stats(): { queued: number; sent: number; dropped: number } {
    return { queued: this.#queue.size(), ...this.#report.counts() };
  }

  /**
   * Calls `listener` at each such event until the function that is returned is called.
   * @example
   * ```ts
   * const stop = appflow.on('drop', ({ count, reason }) => console.log(`${count} lost: ${reason}`));
   * stop();
   * ```
   */
  on<E extends keyof AppflowEvents>(event: E, listener: (told: AppflowEvents[E]) => void): () => void {
    return this.#report.on(event, listener);
  }

  #record(change: (atMs: number) => void): void {
    const atMs = this.#clock.now();
    if (this.#isShut) this.#report.dropped(1, 'shut_down');
    else this.#journal.record(() => change(atMs));
  }
}

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
