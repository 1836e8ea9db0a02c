import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseProperties } from '../../events/ingest/properties.ts';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { mapEvent } from './map-event.ts';

it('ignores what is no name in $unset', () => {
  const $unset = ['plan', { toString: 0 }, [[]], 1];
  const [event] = mapEvent({ event: '$set', distinct_id: 'user_1', properties: { $unset } });
  assert.deepEqual(event, {
    app_user_id: 'user_1',
    event_name: '$set',
    properties: { $set: { plan: null } },
  });
});

it('does not let an empty $set hide the other one', () => {
  const properties = { $set: {}, $set_once: {} };
  const sent = { $set: { plan: 'pro' }, $set_once: { source: 'ad' } };
  const [event] = mapEvent({ event: '$set', distinct_id: 'user_1', ...sent, properties });
  assert.deepEqual(event && 'properties' in event && event.properties, sent);
});

it('removes a user property that is set to a long number, too', () => {
  const text =
    '{"event": "$set", "properties": {"$set": {"balance": 12345678901234567890}, "$unset": ["balance"]}}';
  const [event] = mapEvent(parseKeepingDigits(text));
  const parsed = parseProperties(event && 'properties' in event ? event.properties : undefined);
  assert.equal('json' in parsed && parsed.json, '{"$set":{"balance":null}}');
});

it('keeps all digits of long numbers in IDs and user properties', () => {
  const text =
    '{"event": "$set", "distinct_id": 12345678901234567891, "properties": {"$set": {"account": 12345678901234567892}}}';
  const [event] = mapEvent(parseKeepingDigits(text));
  assert.ok(event && 'app_user_id' in event && 'properties' in event);
  assert.equal(event.app_user_id, '12345678901234567891');
  const parsed = parseProperties(event.properties);
  assert.match('json' in parsed ? parsed.json : parsed.message, /12345678901234567892/);
});
