import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mapMessage } from './map-message.ts';

const nameOf = (message: object) => {
  const [event] = mapMessage({ userId: 'user_1', ...message });
  return event && 'event_name' in event && event.event_name;
};

it('names views as the other dialects do', () => {
  assert.equal(nameOf({ type: 'screen', name: 'Home' }), 'screen_view');
  assert.equal(nameOf({ type: 'page', name: 'Home' }), 'page_view');
});

it('reads a refund as one', () => {
  const properties = { revenue: -9.99, currency: 'eur' };
  const [event] = mapMessage({ type: 'track', event: 'Order Refunded', userId: 'user_1', properties });
  assert.deepEqual(event, {
    app_user_id: 'user_1',
    event_name: 'refund',
    properties: { revenue: '-9.99', currency: 'EUR', $original_name: 'Order Refunded' },
  });
});

it('keeps times that are numbers', () => {
  const [event] = mapMessage({ type: 'track', event: 'tap', userId: 'user_1', timestamp: 1795866119013 });
  assert.equal(event && 'timestamp' in event && event.timestamp, 1795866119013);
});
