import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseProperties } from '../../events/ingest/properties.ts';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { createEventMapper } from './map-event.ts';

/** Returns the properties of the first event that an event of Amplitude becomes. */
function propertiesOf(event: object): unknown {
  const [first] = createEventMapper().map({ event_type: 'purchase', user_id: 'user_1', ...event });
  return first && 'properties' in first ? first.properties : undefined;
}

it('multiplies numbers and texts of numbers only', () => {
  const deep = JSON.parse(`${'['.repeat(5_000)}1${']'.repeat(5_000)}`);
  for (const $quantity of [{ toString: 0 }, deep, 'two', true])
    assert.doesNotThrow(() => propertiesOf({ event_properties: { $price: 1, $quantity } }));
  const properties = propertiesOf({ event_properties: { $price: '1.50', $quantity: '2' } });
  assert.deepEqual(properties, { revenue: '3', quantity: '2' });
});

it('takes a price without a quantity as the revenue, and keeps one with a quantity that is no number', () => {
  const of = ($quantity: unknown) => propertiesOf({ event_properties: { $price: '9.99', $quantity } });
  assert.deepEqual(of(''), { revenue: '9.99', quantity: '' });
  assert.deepEqual(of('two'), { $original_revenue: '9.99 × two', quantity: 'two' });
});

it('removes a user property that is set to a long number, too', () => {
  const text =
    '{"event_type": "$identify", "user_properties": {"$set": {"balance": 12345678901234567890}, "$unset": {"balance": "-"}}}';
  const [event] = createEventMapper().map(parseKeepingDigits(text));
  const parsed = parseProperties(event && 'properties' in event ? event.properties : undefined);
  assert.equal('json' in parsed && parsed.json, '{"$set":{"balance":null}}');
});
