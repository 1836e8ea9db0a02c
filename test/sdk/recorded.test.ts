import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

// What the vendors' npm clients sent, recorded on the wire, and the events that each request becomes.

const FOLDER = join(import.meta.dirname, '../fixtures/sdk');

type Context = { locale?: string };
type Sent = { context?: Context; event_id?: string; timestamp?: string | number; [name: string]: unknown };
type Recorded = {
  sdk: string;
  version: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: object;
  /** Not all SDKs say when they sent a batch. */
  sent_at?: string;
  events: Sent[];
};

const clock = makeClock();
const api = await startTestServer({}, { clock });

/** Returns the request as it was on the wire, with this key in the place of the recorded one. */
function replay(
  { sdk, headers, body }: Recorded,
  key: string,
): { headers: Record<string, string>; body: string } {
  const text = JSON.stringify(body).replaceAll('WRITE_KEY', key);
  const isGzip = headers['content-encoding'] === 'gzip';
  // Mixpanel's sends base64 in a form. RudderStack's labels JSON as a form.
  const isForm = sdk === 'mixpanel';
  const form = () => new URLSearchParams({ data: Buffer.from(text).toString('base64') }).toString();
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const others = Object.entries(headers).map(([name, value]) => [name, value.replace('WRITE_KEY', key)]);
  return {
    headers: { ...Object.fromEntries(others), ...('authorization' in headers ? { authorization } : {}) },
    body: (isGzip ? gzipSync(text) : isForm ? form() : text) as string,
  };
}

for (const file of readdirSync(FOLDER)) {
  const recorded: Recorded = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  const { sdk, version, method, path, sent_at, events } = recorded;
  it(`stores what ${sdk} ${version} sent to ${path} as the events in ${file}`, async () => {
    const project = await initProject(api.config);
    // The device's clock is right: no time is corrected.
    clock.set(Date.parse(sent_at ?? '2026-11-28T12:00:00Z'));
    // Without an ID and a time, the same event may have happened twice.
    const isRecognized = events.every(({ event_id, timestamp }) => event_id ?? timestamp);
    for (const round of isRecognized ? ['first', 'again'] : ['first']) {
      const answer = await api.call(method, path, replay(recorded, project.client_key));
      assert.equal(answer.status, 200, `${round}: ${answer.text}`);
    }
    const stored: unknown[] = await listStoredEvents(api, project.server_key, project.app_id);
    assert.equal(stored.length, events.length);
    for (const sent of events) {
      const context = toStoredContext(sent.context);
      const timed = sent.timestamp ? { timestamp: new Date(sent.timestamp).toISOString() } : {};
      assert.ok(
        stored.some((one) => isEvent(one, { properties: {}, ...sent, ...timed, context })),
        `${JSON.stringify(sent)}\nis not among\n${JSON.stringify(stored)}`,
      );
    }
  });
}

/** Without a platform, it is that of the app; without a country, that of the locale. */
function toStoredContext(context: Context = {}): object {
  const [, country] = /[-_]([A-Z]{2})$/.exec(context.locale ?? '') ?? [];
  return { platform: 'android', ...(country && { country }), ...context };
}

const EXACT = ['properties', 'context'];

/** Whether an event has these members, and nothing else in properties and context. */
const isEvent = (event: unknown, expected: Sent): boolean =>
  contains(event, expected) &&
  EXACT.every((name) => isDeepStrictEqual((event as Sent)[name], expected[name]));

/** Whether every member of `part` is in `whole`, at any depth. Lists must be equal. */
function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null || Array.isArray(part))
    return JSON.stringify(whole) === JSON.stringify(part);
  const object: Record<string, unknown> = typeof whole === 'object' && whole !== null ? { ...whole } : {};
  return Object.entries(part).every(([name, value]) => contains(object[name], value));
}
