import { randomUUID } from 'node:crypto';

/** A batch to send: where, how and what. */
export type Batch = { path: string; headers: Record<string, string>; body: string };

const CONTEXT = `{"platform":"ios","os_version":"18.1","app_version":"2.4.0","country":"DE","locale":"de_DE"}`;
const SEGMENT_CONTEXT = `{"os":{"name":"iOS","version":"18.1"},"app":{"version":"2.4.0"},"location":{"country":"DE"},"locale":"de_DE"}`;
const RUN_ID = Date.now().toString(36);
let made = 0;

type Parts = { id: string; person: string; time: string; name: string; properties: string };

/** An event as a phone sends it: a few properties, revenue on some. Made as text, because the generator must leave the server its time. */
function makeParts(index: number, time: string): Parts {
  made += 1;
  const isPurchase = index % 10 === 0;
  return {
    id: `${RUN_ID}-${process.pid}-${made}`,
    person: String(Math.floor(Math.random() * 100_000)),
    time,
    name: isPurchase ? 'purchase_complete' : 'screen_view',
    properties: isPurchase
      ? '"product_id":"pro","revenue":"9.99","currency":"USD"'
      : '"screen":"home","depth":3',
  };
}

const list = (events: number, render: (parts: Parts) => string): string => {
  const time = new Date(Date.now() - Math.random() * 60_000).toISOString();
  return Array.from({ length: events }, (_, index) => render(makeParts(index, time))).join(',');
};

const toAppflow = ({ id, person, time, name, properties }: Parts) =>
  `{"event_id":"${id}","app_user_id":"user_${person}","session_id":"s_${person}","timestamp":"${time}","event_name":"${name}","properties":{${properties}},"context":${CONTEXT}}`;
const toPostHog = ({ id, person, time, name, properties }: Parts) =>
  `{"uuid":"${id}","distinct_id":"user_${person}","timestamp":"${time}","event":"${name}","properties":{${properties},"$session_id":"s_${person}","$os_name":"iOS","$os_version":"18.1","$app_version":"2.4.0","$locale":"de_DE"}}`;
const toSegment = ({ id, person, time, name, properties }: Parts) =>
  `{"type":"track","messageId":"${id}","userId":"user_${person}","timestamp":"${time}","event":"${name}","properties":{${properties}},"context":${SEGMENT_CONTEXT}}`;
const toCapture = ({ id, person, time, name, properties }: Parts) =>
  `{"uuid":"${id}","distinct_id":"user_${person}","session_id":"s_${person}","timestamp":"${time}","event":"${name}","options":{},"properties":{${properties},"$os_name":"iOS","$os_version":"18.1","$app_version":"2.4.0","$locale":"de_DE"}}`;
const toRudderStack = ({ id, person, time, name, properties }: Parts) =>
  `{"type":"track","messageId":"${id}","userId":"user_${person}","originalTimestamp":"${time}","event":"${name}","properties":{${properties}},"context":${SEGMENT_CONTEXT}}`;
const toAmplitude = ({ id, person, time, name, properties }: Parts) =>
  `{"event_type":"${name}","insert_id":"${id}","user_id":"user_${person}","time":${Date.parse(time)},"session_id":${person},"event_properties":{${properties}},"platform":"iOS","os_name":"ios","os_version":"18.1","app_version":"2.4.0","country":"DE","language":"de"}`;
const toMixpanel = ({ id, person, time, name, properties }: Parts) =>
  `{"event":"${name}","properties":{${properties},"$insert_id":"${id}","distinct_id":"user_${person}","time":${Date.parse(time)},"$session_id":"s_${person}","$os":"iOS","$os_version":"18.1","$app_version_string":"2.4.0","mp_country_code":"DE","$locale":"de_DE"}}`;
/** Its SDKs know no people, and send no ID and no country. */
const toAptabase = ({ person, time, name, properties }: Parts) =>
  `{"eventName":"${name}","sessionId":"${person}","timestamp":"${time}","systemProps":{"osName":"iOS","osVersion":"18.1","appVersion":"2.4.0","locale":"de_DE"},"props":{${properties}}}`;
/** Its SDKs send no ID, and a time only for events that waited. */
const toOpenPanel = ({ person, time, name, properties }: Parts) =>
  `{"type":"track","payload":{"name":"${name}","profileId":"user_${person}","properties":{${properties},"__timestamp":"${time}","__version":"2.4.0","__language":"de_DE"}}}`;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

/** The same events in each form that a server takes, by its name. Jitsu's and OpenPanel's protocols have one event in each request. */
export const BATCHES: Readonly<Record<string, (key: string, events: number) => Batch>> = {
  appflow: (key, events) => ({
    path: '/v1/events',
    headers: bearer(key),
    body: `{"events":[${list(events, toAppflow)}]}`,
  }),
  /** The same with random IDs, which cost more to store than IDs with a common prefix. */
  'appflow-uuid': (key, events) => ({
    path: '/v1/events',
    headers: bearer(key),
    body: `{"events":[${list(events, (parts) => toAppflow({ ...parts, id: randomUUID() }))}]}`,
  }),
  posthog: (key, events) => ({
    path: '/batch',
    headers: {},
    body: `{"api_key":"${key}","batch":[${list(events, toPostHog)}]}`,
  }),
  'posthog-v1': (key, events) => ({
    path: '/i/v1/analytics/events',
    headers: bearer(key),
    body: `{"batch":[${list(events, toCapture)}]}`,
  }),
  segment: (key, events) => ({
    path: '/v1/batch',
    headers: basic(key),
    body: `{"batch":[${list(events, toSegment)}]}`,
  }),
  rudderstack: (key, events) => ({
    path: '/v1/batch',
    headers: basic(key),
    body: `{"batch":[${list(events, toRudderStack)}]}`,
  }),
  amplitude: (key, events) => ({
    path: '/2/httpapi',
    headers: {},
    body: `{"api_key":"${key}","events":[${list(events, toAmplitude)}]}`,
  }),
  mixpanel: (key, events) => ({
    path: '/import',
    headers: basic(key),
    body: `[${list(events, toMixpanel)}]`,
  }),
  aptabase: (key, events) => ({
    path: '/api/v0/events',
    headers: { 'app-key': `A-SH-${key}` },
    body: `[${list(events, toAptabase)}]`,
  }),
  jitsu: (key) => ({
    path: '/api/s/track',
    headers: { 'x-write-key': `bench:${key}` },
    body: list(1, toSegment),
  }),
  openpanel: (key) => ({
    path: '/track',
    headers: { 'openpanel-client-id': key },
    body: list(1, toOpenPanel),
  }),
};
