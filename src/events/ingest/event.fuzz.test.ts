import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BatchContext, parseEvent } from './event.ts';
import { REJECTION_CURES } from './rejection-cures.ts';

const BATCH: BatchContext = {
  projectId: 'proj_1',
  keyId: 'key_1',
  verified: 0,
  receivedAt: Date.parse('2026-11-22T10:00:00Z'),
  sentAt: undefined,
  country: undefined,
};

const parse = (value: unknown) =>
  parseEvent(value, BATCH, () => ({ id: 'app_1', currency: 'EUR', platform: 'ios' }));

const anyJson = fc.jsonValue({ maxDepth: 6 });
const either = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 15, arbitrary }, { weight: 1, arbitrary: anyJson });
const PROPERTIES = fc.record(
  {
    revenue: either(fc.oneof(fc.double({ min: 0, max: 1e6 }), fc.nat().map(String))),
    currency: either(fc.constantFrom('USD', 'JPY', null)),
    constructor: anyJson,
    a: fc.jsonValue({ maxDepth: 3 }),
  },
  { requiredKeys: [] },
);
const eventLike = fc.record(
  {
    app_id: either(fc.constant('app_1')),
    event_id: either(fc.uuid()),
    event_name: either(fc.constantFrom('app_open', 'refund')),
    app_user_id: either(fc.string({ minLength: 3 })),
    session_id: either(fc.string()),
    timestamp: either(
      fc
        .date({ min: new Date('1999-12-01'), max: new Date('2026-12-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    ),
    properties: either(PROPERTIES),
    context: either(fc.dictionary(fc.constantFrom('sdk', 'country', 'x'), fc.string())),
    extra: anyJson,
  },
  { requiredKeys: ['event_name', 'app_user_id'] },
);

test('returns a row or a rejection for any JSON, the same each time, and does not change the event', () => {
  const counts = { row: 0, rejection: 0 };
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: eventLike }, { weight: 1, arbitrary: anyJson }),
      (generated) => {
        const text = JSON.stringify(generated);
        const value = JSON.parse(text);
        const parsed = parse(value);
        assert.equal(JSON.stringify(value), text);
        if ('rejection' in parsed) {
          counts.rejection += 1;
          assert.ok(Object.hasOwn(REJECTION_CURES, parsed.rejection.code));
          assert.deepEqual(parse(value), parsed);
        } else {
          counts.row += 1;
          assert.deepEqual(parse({ ...value, event_id: parsed.row.event_id }), parsed);
          assert.ok(Number.isSafeInteger(parsed.row.timestamp));
          JSON.parse(parsed.row.properties);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  assert.ok(counts.row > 100 && counts.rejection > 100, JSON.stringify(counts));
});
