import { BACKGROUND_CLOCK, type Clock, sleep } from './clock.ts';
import { isDevelopment, refuseInBrowser, SURROUNDINGS } from './environment.ts';
import { AppflowError } from './errors.ts';
import { findGate } from './gate.ts';
import { type AppflowEvents, createListeners } from './listeners.ts';
import { createPace, type Pace } from './pace.ts';
import { createQueue, type Queue } from './queue.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createSender, type Sender } from './sender.ts';
import { type AppflowStorage, createSaver, findStorage, type Saver } from './storage.ts';
import { type Fetch, GLOBAL_FETCH, type Target } from './transport.ts';
import type { EventContext } from './wire.ts';

/** What a tracker is made of; all but the first two have a default. */
export type AppflowOptions = {
  /** A client key (`ck_`). */
  apiKey: string;
  /** Where the server is, e.g. `https://events.example.com`. */
  baseUrl: string;
  /** The app the events belong to; needed when the project has several. */
  appId?: string;
  /** Where events wait for the next start. Default: localStorage in a browser, else memory only. */
  storage?: AppflowStorage | undefined;
  /** So many events leave at once; default 20. */
  flushAt?: number;
  /** Otherwise events leave at most this often; default 10,000. */
  flushIntervalMs?: number;
  /** So many events wait at most; beyond, the oldest are dropped and counted. Default 1,000. */
  queueSizeMax?: number;
  /** Sends each event at once, and tells of mistakes on the console. */
  debug?: boolean;
  /** What is said of each event; see `setContext`. */
  context?: EventContext;
  fetch?: Fetch;
  clock?: Clock;
  /** Numbers from 0 to 1. */
  random?: () => number;
};

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
  readonly #listeners = createListeners();
  readonly #clock: Clock;
  readonly #isTalkative: boolean;
  readonly #queue: Queue;
  readonly #recorder: Recorder;
  readonly #saver: Saver;
  readonly #sender: Sender;
  readonly #pace: Pace;
  #apiKey: string;
  #sent = 0;
  #dropped = 0;
  #isShut = false;
  /** What was asked before the storage answered; undefined once it has. */
  #early: (() => void)[] | undefined = [];
  readonly #ready: Promise<void>;
  readonly #unhook: () => void;

  /** Throws AppflowError when a key that can do more than write events is in a browser. */
  constructor(options: AppflowOptions) {
    const { baseUrl, appId, clock = BACKGROUND_CLOCK, fetch = GLOBAL_FETCH, random = Math.random } = options;
    const { flushAt = 20, flushIntervalMs = 10_000, queueSizeMax = 1_000, debug = false } = options;
    const storage = 'storage' in options ? options.storage : findStorage();
    refuseInBrowser(options.apiKey, ['sk_', 'ro_']);
    this.#apiKey = options.apiKey;
    this.#clock = clock;
    this.#isTalkative = debug || isDevelopment();
    const onDrop = (count: number, reason: string) => this.#onDrop(count, reason);
    const onError = (error: unknown) => this.#onError(error);
    this.#queue = createQueue(queueSizeMax);
    const context = { ...guessContext(), ...options.context };
    this.#recorder = createRecorder(this.#queue, context, onDrop, clock.now());
    // Without an app, the key's checksum tells projects apart: what waits for one must not be sent to another.
    const item = `appflow.${baseUrl}.${appId ?? options.apiKey.slice(-6)}`;
    this.#saver = createSaver(storage, item, this.#recorder.save, onError);
    const findTarget = (): Target => ({ apiKey: this.#apiKey, baseUrl, fetch, clock });
    this.#sender = createSender({
      queue: this.#queue,
      appId,
      findTarget,
      findGate: () => findGate(findTarget(), 'events', random),
      saved: this.#saver.saved,
      onSent: (count) => this.#onSent(count),
      onDrop,
      onError,
    });
    this.#pace = createPace({ flushAt, flushIntervalMs, debug }, clock, () => void this.#send());
    this.#unhook = onPageHidden(() => this.#sender.sendLast());
    this.#ready = this.#load(storage, item);
  }

  /**
   * Notes that something happened: `name` in snake_case, `properties` any JSON.
   * @example
   * ```ts
   * appflow.track('purchase_complete', { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' });
   * ```
   */
  track(name: string, properties?: Record<string, unknown>): void {
    const atMs = this.#clock.now();
    let copy: Record<string, unknown> | undefined;
    try {
      // As it is now: the app may change the object afterwards.
      copy = properties === undefined ? undefined : JSON.parse(JSON.stringify(properties));
    } catch {
      this.#onDrop(1, 'invalid_properties');
      return;
    }
    this.#record(() => this.#recorder.track(name, copy, atMs));
  }

  /**
   * Says who uses the app from now on. What happened before on this device counts as theirs.
   * @example
   * ```ts
   * appflow.identify('user_123');
   * ```
   */
  identify(appUserId: string): void {
    const atMs = this.#clock.now();
    this.#record(() => this.#recorder.identify(appUserId, atMs));
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
    this.#sender.restart();
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
    const atMs = this.#clock.now();
    this.#record(() => this.#recorder.reset(atMs));
  }

  /**
   * Sends what waits now. Resolves when that is done and stored, cannot be, or `timeoutMs` (10,000) have passed.
   * @example
   * ```ts
   * await appflow.flush();
   * ```
   */
  async flush({ timeoutMs = FLUSH_LIMIT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    const limit = new AbortController();
    const late = sleep(this.#clock, timeoutMs, limit.signal, true).catch(() => undefined);
    // A storage that never answers must not hold it up either.
    await Promise.race([late, this.#sendAll().then(this.#saver.saved)]);
    limit.abort();
  }

  /**
   * Ends the session, sends what waits and stops; what could not be sent in `timeoutMs` (5,000) waits in the storage.
   * @example
   * ```ts
   * await appflow.shutdown({ timeoutMs: 2_000 });
   * ```
   */
  async shutdown({ timeoutMs = SHUTDOWN_LIMIT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    const atMs = this.#clock.now();
    if (!this.#isShut) this.#record(() => this.#recorder.endSession(atMs));
    this.#isShut = true;
    await this.flush({ timeoutMs });
    this.#pace.stop();
    this.#sender.stop();
    this.#unhook();
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
    return { queued: this.#queue.size(), sent: this.#sent, dropped: this.#dropped };
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
    return this.#listeners.on(event, listener);
  }

  /** Does what the app asked once it is known who uses it, and sees to it that it is kept and sent. */
  #record(change: () => void): void {
    if (this.#isShut) {
      this.#onDrop(1, 'shut_down');
      return;
    }
    if (this.#early === undefined) this.#apply(change);
    else this.#early.push(change);
  }

  #apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#onError(error);
    }
    this.#saver.touch();
    if (!this.#sender.isHalted() && !this.#sender.isDraining()) this.#pace.onQueued(this.#queue.size());
  }

  async #load(storage: AppflowStorage | undefined, item: string): Promise<void> {
    try {
      const text = storage?.getItem(item) ?? '';
      // Only what is late is waited for: a sync storage has what is tracked next at once.
      this.#recorder.restore(this.#saver.open(typeof text === 'string' ? text : await text));
    } catch (error) {
      this.#onError(error);
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const change of early) this.#apply(change);
    this.#pace.onQueued(this.#queue.size());
  }

  async #send(): Promise<void> {
    this.#pace.stop();
    if (this.#queue.size() === 0) return;
    this.#pace.onSend();
    await this.#sender.drain();
    if (!this.#isShut && !this.#sender.isHalted()) this.#pace.onQueued(this.#queue.size());
  }

  /** A drain under way sends what waited when it began; what came since needs another. */
  async #sendAll(): Promise<void> {
    await this.#ready;
    if (this.#sender.isDraining()) await this.#sender.drain();
    await this.#send();
  }

  #onSent(sent: number): void {
    this.#sent += sent;
    this.#saver.touch();
    this.#listeners.tell('flush', { sent });
  }

  #onDrop(count: number, reason: string): void {
    this.#dropped += count;
    if (this.#isTalkative) warn(`${count} event(s) dropped: ${reason}.`);
    this.#listeners.tell('drop', { count, reason });
  }

  #onError(error: unknown): void {
    // Anything else is the storage's.
    const told =
      error instanceof AppflowError ? error : new AppflowError(`${error}`, { code: 'storage_error' });
    if (this.#isTalkative) warn(told.message);
    this.#listeners.tell('error', told);
  }
}

function warn(text: string): void {
  // biome-ignore lint/suspicious/noConsole: only while a developer looks on.
  console.warn(`Appflow: ${text}`);
}

/** What can be known without asking the app. */
function guessContext(): EventContext {
  const { document, navigator } = SURROUNDINGS;
  return {
    ...(document === undefined ? {} : { platform: 'web' }),
    ...(typeof navigator?.language === 'string' ? { locale: navigator.language } : {}),
  };
}

/** Calls `send` when a page may be seen for the last time; returns how to stop that. */
function onPageHidden(send: () => void): () => void {
  const { document } = SURROUNDINGS;
  const onChange = () => {
    if (document?.visibilityState === 'hidden') send();
  };
  document?.addEventListener('visibilitychange', onChange);
  SURROUNDINGS.addEventListener?.('pagehide', send);
  return () => {
    document?.removeEventListener('visibilitychange', onChange);
    SURROUNDINGS.removeEventListener?.('pagehide', send);
  };
}
