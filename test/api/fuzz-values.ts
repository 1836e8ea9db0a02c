import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { GUARDED, HARMLESS } from '../support/route-request.ts';

const oddTexts = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udfffb',
  '\u2028',
  "'; DROP TABLE events --",
  '{x:String}',
  '\\',
  '`',
  '%',
  '__proto__',
  'constructor',
  'null',
  '-0',
  '1e999',
  '9'.repeat(400),
  '\ufeff',
  'x'.repeat(5_000),
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '2026-02-30T00:00:00Z',
  '2026-11-22',
  '../../etc/passwd',
  '<script>',
  '\r\n',
  'a:b:c',
);
/** Text as sent by people, attackers and broken programs. */
export const texts = fc.oneof(
  oddTexts,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
);
const oddNumbers = fc.constantFrom(
  0,
  -0,
  -1,
  1e308,
  1e21,
  0.1,
  2 ** 53,
  -(2 ** 63),
  253_402_300_800_000,
  8.64e15 + 1,
);
/** Any JSON value, with a bias to unusual ones. */
export const values = fc.oneof(
  texts,
  oddNumbers,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constant(null),
  fc.boolean(),
);
const names = fc.constantFrom(
  'app_id',
  'sent_at',
  'events',
  'name',
  'type',
  'scopes',
  'app_ids',
  'expires_at',
  'ip_allowlist',
  'metadata',
  'allowed_origins',
  'bundle_ids',
  'allowed_sdks',
  'timezone',
  'currency',
  'platform',
  'deleted',
  'project_id',
  'leaked_key_policy',
  'max_key_lifetime_days',
  '__proto__',
  'constructor',
  'toString',
  '',
);
/** Objects with property names that request bodies use, and others. */
export const objects = fc.dictionary(
  fc.oneof({ weight: 4, arbitrary: names }, texts),
  fc.oneof(values, fc.array(values)),
  { maxKeys: 6 },
);

/** Events that are almost valid. */
export const events = fc.record(
  {
    event_id: values,
    event_name: fc.oneof(fc.constant('opened'), values),
    app_user_id: fc.oneof(fc.constant('u1'), texts, values),
    session_id: values,
    timestamp: fc.oneof(
      values,
      fc.date().map((date) => date.getTime()),
    ),
    properties: fc.oneof(
      fc.dictionary(fc.oneof(texts, fc.constantFrom('revenue', 'currency')), values),
      values,
    ),
    context: fc.oneof(fc.dictionary(fc.constantFrom('platform', 'country', 'sdk', 'x'), values), values),
    app_id: texts,
  },
  { requiredKeys: ['event_name', 'app_user_id'] },
);

/** JSON text that is deep, long or unusually written, which JSON.stringify would not produce. */
export const oddJson = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => {
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    return `{"events":[{"event_name":"deep","app_user_id":"u1","properties":${deep}}],"metadata":${deep}}`;
  }),
  fc.constantFrom(
    '{"a":1,"a":2}',
    '1e400',
    '{"events":[1e400]}',
    '"\\ud800"',
    '{"events":[{"event_name":"a","event_name":null}]}',
  ),
  fc.json({ maxDepth: 8 }),
);

/** Values of Content-Encoding. */
export const encodings = fc.constantFrom(
  'gzip',
  'x-gzip',
  'deflate',
  'br',
  'identity',
  'zstd',
  'GZIP',
  'gzip, br',
  '',
);
/** Bodies that may or may not match their headers. */
export const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(
    gzipSync('{}'),
    deflateSync('{}'),
    brotliCompressSync('{}'),
    gzipSync(Buffer.alloc(20_000_000)),
  ),
  fc
    .uint8Array({ maxLength: 40 })
    .map((tail) => Buffer.concat([gzipSync('{"events":[]}').subarray(0, -4), tail])),
);

/** Any route that requires a key. */
export const routes = fc.constantFrom(...HARMLESS);
/** Any route that reads a body. */
export const withBody = fc.constantFrom(...GUARDED.filter(({ body }) => body));
/** Headers that the server or a proxy interprets. */
export const headerNames = fc.constantFrom(
  'authorization',
  'content-type',
  'content-encoding',
  'origin',
  'x-forwarded-for',
  'x-request-id',
  'cookie',
  'expect',
  'if-match',
  'idempotency-key',
  'accept',
  'range',
  'connection',
  'upgrade',
  'host',
  'transfer-encoding',
  'x-appflow-bundle-id',
);
/** Header values, one byte per character. */
export const headerValues = fc.oneof(
  fc.constantFrom(
    '',
    'Bearer',
    'Bearer  ',
    'Basic eDp5',
    'null',
    '///',
    'application/json; charset=',
    '::ffff:1',
    '1.2.3.4, , x',
    '100-continue',
    'chunked',
    'close',
  ),
  fc.string({ maxLength: 80 }).map((text) => text.replaceAll(/[^\t\x20-\xff]/g, '')),
);
