import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ERRORS } from '../../src/api/error-codes.ts';
import { ROUTES } from '../../src/routes.ts';
import type { Answer, Api, CallOptions } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';
import { GUARDED, requestOf } from '../support/route-request.ts';
import {
  bytes,
  encodings,
  events,
  headerNames,
  headerValues,
  objects,
  oddJson,
  routes,
  texts,
  values,
  withBody,
} from './fuzz-values.ts';

/** Whether an error is one of the routes of Amplitude's SDKs, which read nothing else. */
const isAmplitudeError = ({ body, headers, status }: Answer, sent: unknown) =>
  /\/2\/httpapi|\/batch/.test(JSON.stringify(sent)) &&
  headers.get('content-type')?.startsWith('application/json') &&
  body.code === status;

/** Asserts that a response is valid for any request: no 5xx, errors as problem documents, no internal details. */
export function assertValidAnswer(answer: Answer, sent: unknown): void {
  const context = `${answer.status} ${answer.text.slice(0, 500)} for ${JSON.stringify(sent)?.slice(0, 2_000)}`;
  assert.ok(answer.status >= 200 && answer.status < 500, context);
  assert.ok(answer.headers.get('x-request-id'), context);
  if (answer.status < 400 || answer.text === '') return;
  assert.ok(!/node_modules|\.ts:\d|\\n {4}at |SELECT /.test(answer.text), context);
  if (isAmplitudeError(answer, sent)) return;
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, context);
  assert.ok(answer.body.code in ERRORS, context);
  assert.equal(answer.body.status, answer.status, context);
}

/** A kind of random request: the arbitrary it draws from, and how it sends the value. */
type Fuzz = { name: string; run: (api: Api, keys: string[], ms: number) => Promise<void> };

function fuzz<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  send: (api: Api, key: string, drawn: T) => Promise<Answer>,
): Fuzz {
  return {
    name,
    run: async (api, keys, ms) => {
      const anyKey = fc.constantFrom(...keys);
      const property = fc.asyncProperty(anyKey, arbitrary, async (key, drawn) => {
        assertValidAnswer(await send(api, key, drawn), drawn);
      });
      await fc.assert(property, { numRuns: 1_000_000, interruptAfterTimeLimit: ms, endOnFailure: true });
    },
  };
}

const call = (api: Api, method: string, path: string, options: CallOptions) =>
  api.call(method, path, options);

/** Everything a caller can choose, one kind per entry. */
export const FUZZES: Fuzz[] = [
  fuzz('JSON bodies', fc.tuple(withBody, objects), (api, key, [route, body]) => {
    const [method, path] = requestOf(route);
    return call(api, method, path, { key, body });
  }),
  fuzz('example bodies with some fields replaced', fc.tuple(withBody, objects), (api, key, [route, body]) => {
    const [method, path, options] = requestOf(route, { body });
    return call(api, method, path, { ...options, key });
  }),
  fuzz(
    'events',
    fc.tuple(fc.array(events, { maxLength: 8 }), fc.option(values)),
    (api, key, [list, sent_at]) => call(api, 'POST', '/v1/events', { key, body: { events: list, sent_at } }),
  ),
  fuzz('bodies of unusual JSON', fc.tuple(withBody, oddJson), (api, key, [route, body]) => {
    const [method, path] = requestOf(route);
    return call(api, method, path, { key, body });
  }),
  fuzz('binary bodies', fc.tuple(withBody, bytes, encodings), (api, key, [route, body, encoding]) => {
    const [method, path] = requestOf(route);
    return call(api, method, path, { key, body, headers: { 'content-encoding': encoding } });
  }),
  fuzz('query strings', fc.tuple(routes, fc.array(fc.tuple(texts, texts))), (api, key, [route, pairs]) => {
    const [method, path, options] = requestOf(route);
    const known = Object.keys(route.query.properties);
    const search = new URLSearchParams(
      pairs.map(([name, value], index): [string, string] => [known[index] ?? name, value]),
    );
    return call(api, method, `${path.split('?')[0]}?${search}`, { ...options, key });
  }),
  fuzz('query parameters', fc.tuple(routes, fc.nat(), texts), (api, key, [route, index, value]) => {
    const known = Object.keys(route.query.properties);
    const name = known[index % known.length] ?? 'x';
    const [method, path, options] = requestOf(route, { query: { [name]: value } });
    return call(api, method, path, { ...options, key });
  }),
  fuzz(
    'cursors',
    fc.tuple(routes, fc.array(fc.oneof(values, fc.integer()), { maxLength: 3 })),
    (api, key, [route, position]) => {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
      const [method, path, options] = requestOf(route, { query: { cursor } });
      return call(api, method, path, { ...options, key });
    },
  ),
  fuzz('keys', fc.tuple(routes, fc.nat(80), headerValues), (api, key, [route, at, insert]) => {
    const [method, path] = requestOf(route);
    const corrupted = `${key.slice(0, at)}${insert}${key.slice(at + 1)}`;
    return raw(api, `${method} ${path}`, [['Authorization', `Bearer ${corrupted}`]]);
  }),
  fuzz(
    'headers',
    fc.tuple(routes, fc.array(fc.tuple(headerNames, headerValues), { maxLength: 5 })),
    (api, key, [route, headers]) => {
      const [method, path] = requestOf(route);
      return raw(api, `${method} ${path}`, [['Authorization', `Bearer ${key}`], ...headers]);
    },
  ),
  fuzz(
    'paths',
    fc.tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'QUERY', 'TRACE', 'PURGE'),
      fc.constantFrom(...ROUTES.filter(({ path }) => path !== '/v1/api-keys/self/revoke')),
      fc.string({ maxLength: 60 }),
    ),
    (api, key, [method, route, tail]) => {
      const path = requestOf(route)[1] + tail.replaceAll(/[^\x21-\xff]/g, '%');
      return raw(api, `${method} ${path}`, [['Authorization', `Bearer ${key}`]]);
    },
  ),
  fuzz(
    'ids',
    fc.tuple(
      fc.constantFrom(...GUARDED.filter(({ path }) => path.includes('{'))),
      fc.string({ unit: 'binary', maxLength: 80 }),
    ),
    (api, key, [route, id]) => {
      const params = Object.fromEntries(
        Object.keys(route.params.properties).map((name) => [name, id.toWellFormed()]),
      );
      const [method, path, options] = requestOf(route, { params });
      return call(api, method, path, { ...options, key });
    },
  ),
  fuzz(
    'bytes that barely resemble HTTP',
    fc.tuple(
      fc.constantFrom('', 'GET ', 'POST /v1/events HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n'),
      fc.string({ unit: 'binary' }),
    ),
    (api, _key, [start, rest]) => raw(api, `${start}${rest}`, []),
  ),
];

async function raw(api: Api, line: string, headers: [string, string][]): Promise<Answer> {
  const all = [['Host', 'x'], ['Connection', 'close'], ...headers].map(
    ([name, value]) => `${name}: ${value}`,
  );
  const answer = await sendRaw(
    api.url,
    Buffer.from(`${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`, 'latin1'),
  );
  return parseAnswer(answer.slice(answer.startsWith('HTTP/1.1 100') ? answer.indexOf('\r\n\r\n') + 4 : 0));
}
