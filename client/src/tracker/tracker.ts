import type { EventContext } from '../api/events.ts';
import { type Fetch, GLOBAL_FETCH, type Target } from '../http/transport.ts';
import { getGate } from '../retry/gate-registry.ts';
import { createSequentialGate } from '../retry/sequential-gate.ts';
import { BACKGROUND_CLOCK, type Clock } from '../runtime/clock.ts';
import { isDevelopment, rejectInBrowser } from '../runtime/environment.ts';
import { type AppflowStorage, findStorage } from '../runtime/storage.ts';
import { createFlushScheduler, type FlushScheduler } from './flush-scheduler.ts';
import type { FlushOptions } from './flush-timer.ts';
import { createJournal, type Journal } from './journal.ts';
import { type AppflowEvents, createListeners, type Listeners } from './listeners.ts';
import { detectContext } from './page-context.ts';
import { createQueue, type Queue } from './queue.ts';
import { createRecorder, type Recorder } from './recorder.ts';

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
  /** The context of all events; see `setContext`. */
  context?: EventContext;
  fetch?: Fetch;
  clock?: Clock;
  /** Returns numbers from 0 to 1, like Math.random. */
  random?: () => number;
};

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

  /** Throws AppflowError in a browser if the key can do more than send events. */
  constructor(options: AppflowOptions) {
    const { baseUrl, appId, clock = BACKGROUND_CLOCK, fetch = GLOBAL_FETCH, random = Math.random } = options;
    const storage = 'storage' in options ? options.storage : findStorage();
    rejectInBrowser(options.apiKey, ['sk_', 'ro_']);
    this.#apiKey = options.apiKey;
    this.#clock = clock;
    this.#listeners = createListeners(options.debug || isDevelopment());
    this.#queue = createQueue(options.queueSizeMax);
    const context = { ...detectContext(), ...options.context };
    this.#recorder = createRecorder(this.#queue, context, this.#listeners.dropped, clock.now());
    this.#journal = createJournal({
      storage,
      // Without an app, the key's checksum separates projects: events queued for one must not be sent to another.
      key: `appflow.${baseUrl}.${appId ?? options.apiKey.slice(-6)}`,
      recorder: this.#recorder,
      onChange: () => this.#flushScheduler.schedule(),
      onError: this.#listeners.failed,
    });
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
   * Tracks an event: `name` in snake_case, `properties` any JSON.
   * @example
   * ```ts
   * appflow.track('purchase_complete', { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' });
   * ```
   */
  track(name: string, properties?: Record<string, unknown>): void {
    let copy: Record<string, unknown> | undefined;
    try {
      // A snapshot: the app may change the object afterward.
      copy = properties === undefined ? undefined : JSON.parse(JSON.stringify(properties));
    } catch {
      this.#listeners.dropped(1, 'invalid_properties');
      return;
    }
    this.#record((atMs) => this.#recorder.track(name, copy, atMs));
  }

  /**
   * Sets the user of the app. Earlier anonymous events on this device are linked to them.
   * @example
   * ```ts
   * appflow.identify('user_123');
   * ```
   */
  identify(appUserId: string): void {
    this.#record((atMs) => this.#recorder.identify(appUserId, atMs));
  }

  /**
   * Adds to the context of all later events.
   * @example
   * ```ts
   * appflow.setContext({ app_version: '2.4.0', country: 'DE' });
   * ```
   */
  setContext(context: EventContext): void {
    this.#record(() => this.#recorder.setContext(context));
  }

  /**
   * Switches to another key, also after the server rejected the old one, and sends the queue with it.
   * @example
   * ```ts
   * appflow.setApiKey(clientKey);
   * ```
   */
  setApiKey(apiKey: string): void {
    rejectInBrowser(apiKey, ['sk_', 'ro_']);
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
    await Promise.race([
      timeout,
      this.#ready.then(this.#flushScheduler.sendAll).then(this.#journal.whenSaved),
    ]);
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
   * const stop = appflow.on('drop', ({ count, reason }) => console.log(`${count} lost: ${reason}`));
   * stop();
   * ```
   */
  on<E extends keyof AppflowEvents>(event: E, listener: (details: AppflowEvents[E]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  #record(change: (atMs: number) => void): void {
    const atMs = this.#clock.now();
    if (this.#isShutDown) this.#listeners.dropped(1, 'shut_down');
    else this.#journal.record(() => change(atMs));
  }
}
