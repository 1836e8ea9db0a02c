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
const toAmplitude = ({ id, person, time, name, properties }: Parts) =>
  `{"event_type":"${name}","insert_id":"${id}","user_id":"user_${person}","time":${Date.parse(time)},"session_id":${person},"event_properties":{${properties}},"platform":"iOS","os_name":"ios","os_version":"18.1","app_version":"2.4.0","country":"DE","language":"de"}`;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** The same events in each form that a server takes, by its name. */
export const BATCHES: Readonly<Record<string, (key: string, events: number) => Batch>> = {
  appflow: (key, events) => ({
    path: '/v1/events',
    headers: bearer(key),
    body: `{"events":[${list(events, toAppflow)}]}`,
  }),
  posthog: (key, events) => ({
    path: '/batch',
    headers: {},
    body: `{"api_key":"${key}","batch":[${list(events, toPostHog)}]}`,
  }),
  segment: (key, events) => ({
    path: '/v1/batch',
    headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` },
    body: `{"batch":[${list(events, toSegment)}]}`,
  }),
  amplitude: (key, events) => ({
    path: '/2/httpapi',
    headers: {},
    body: `{"api_key":"${key}","events":[${list(events, toAmplitude)}]}`,
  }),
};
