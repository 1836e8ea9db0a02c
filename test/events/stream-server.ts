import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import { openStalledStream, openStream, type Reader } from '../support/event-stream.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

/** An event as a client sends it. */
export type SentEvent = {
  event_id: string;
  event_name: string;
  app_user_id: string;
  [field: string]: unknown;
};

/** Starts a server for tests of streams, with two projects and two apps in the first. One per test file. */
export async function startStreamServer() {
  const clock = makeClock();
  const config = makeConfig({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '' });
  const mine = await initProject(config);
  const theirs = await initProject(config);
  const { url, services, stop: stopNow } = await startOpenServer(config, clock);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopNow());
  const { limiter } = services;
  cleanUp(stop);
  const api = connect(url);
  const readers: Pick<Reader, 'close'>[] = [];
  let made = 0;

  /** Waits until this many streams are open. */
  async function untilOpen(count: number): Promise<void> {
    while (limiter.countStreams() !== count) await new Promise(setImmediate);
  }

  async function manage(method: string, path: string, body?: unknown) {
    const options = { key: mine.server_key, ...(body === undefined ? {} : { body }) };
    const answer = await api.call(method, path, options);
    assert.ok(answer.status < 300, answer.text);
    return answer.body;
  }

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await untilOpen(0);
  });

  const otherApp: { id: string } = await manage('POST', '/v1/apps', { name: 'Other', platform: 'web' });
  return {
    api,
    clock,
    mine,
    theirs,
    otherApp,
    stop,
    untilOpen,
    manage,
    makeKey: (fields: object = {}): Promise<{ id: string; key: string }> =>
      manage('POST', '/v1/api-keys', { name: 'Reader', type: 'server', ...fields }),
    /** Opens a stream and closes it when the test ends. */
    async open(options: Parameters<typeof openStream>[2] = {}, key = mine.server_key): Promise<Reader> {
      const reader = await openStream(url, key, options);
      readers.push(reader);
      return reader;
    },
    async openStalled(key: string) {
      const stalled = await openStalledStream(url, key);
      readers.push({ close: () => stalled.socket.destroy() });
      return stalled;
    },
    makeEvent(fields: object = {}): SentEvent {
      made += 1;
      return {
        event_id: `e${String(made).padStart(6, '0')}`,
        event_name: 'opened',
        app_user_id: 'u1',
        ...fields,
      };
    },
    async send(events: object[], key = mine.server_key, appId = mine.app_id): Promise<void> {
      const body = { ...(key === theirs.server_key ? {} : { app_id: appId }), events };
      const answer = await api.call('POST', '/v1/events', { key, body });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.body.rejected, []);
    },
  };
}

/** Returns the event ids in the messages. */
export const idsOf = (messages: readonly { data: { event_id: string } }[]) =>
  messages.map(({ data }) => data.event_id);
