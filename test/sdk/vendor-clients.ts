import { createInstance, Identify, Revenue, Types } from '@amplitude/analytics-node';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';
import { PostHog } from 'posthog-node';

/** A vendor's client, with no other settings than its host and key. */
export type VendorClient = {
  /** Sends one event of a person. Resolves when the client has nothing left to send, or gave up. */
  sendOne: (userId: string, name: string) => Promise<void>;
  /** Sends an identified person with a property, and a purchase of 9.99 EUR. */
  sendPurchase: (userId: string, anonymousId: string) => Promise<void>;
};

/** Creates the clients of one server by the name of their vendor. */
export const VENDORS: Record<string, (url: string, key: string) => VendorClient> = {
  PostHog: createPostHog,
  Segment: createSegment,
  RudderStack: createRudderStack,
  Amplitude: createAmplitude,
};

function createPostHog(host: string, key: string): VendorClient {
  const open = () => new PostHog(key, { host });
  return {
    async sendOne(distinctId, event) {
      const client = open();
      client.capture({ distinctId, event });
      await client.shutdown(60_000);
    },
    async sendPurchase(distinctId, alias) {
      const client = open();
      client.identify({ distinctId, properties: { plan: 'pro' } });
      client.alias({ distinctId, alias });
      const properties = { revenue: 9.99, currency: 'eur' };
      client.capture({ distinctId, event: 'Order Completed', properties });
      await client.shutdown(60_000);
    },
  };
}

function createSegment(host: string, writeKey: string): VendorClient {
  const open = () => new Analytics({ writeKey, host });
  return {
    async sendOne(userId, event) {
      const client = open();
      client.track({ userId, event });
      await client.closeAndFlush({ timeout: 60_000 });
    },
    async sendPurchase(userId, anonymousId) {
      const client = open();
      client.identify({ userId, anonymousId, traits: { plan: 'pro' } });
      client.track({ userId, event: 'Order Completed', properties: { revenue: 9.99, currency: 'eur' } });
      await client.closeAndFlush({ timeout: 60_000 });
    },
  };
}

function createRudderStack(dataPlaneUrl: string, key: string): VendorClient {
  // Without the handler, a key that is not valid ends the process: it throws where nothing can catch it.
  const open = () => new RudderAnalytics(key, { dataPlaneUrl, errorHandler: () => {} });
  const flush = (client: RudderAnalytics) =>
    client.flush().then(
      () => undefined,
      () => undefined,
    );
  return {
    async sendOne(userId, event) {
      const client = open();
      client.track({ userId, event });
      await flush(client);
    },
    async sendPurchase(userId, anonymousId) {
      const client = open();
      client.identify({ userId, anonymousId, traits: { plan: 'pro' } });
      client.track({ userId, event: 'Order Completed', properties: { revenue: 9.99, currency: 'eur' } });
      await flush(client);
    },
  };
}

function createAmplitude(url: string, key: string): VendorClient {
  async function open() {
    const client = createInstance();
    await client.init(key, { serverUrl: `${url}/2/httpapi`, logLevel: Types.LogLevel.None }).promise;
    return client;
  }
  return {
    async sendOne(user_id, name) {
      const client = await open();
      // Not flushed: `flush` of this client does not retry what it sends.
      await client.track(name, {}, { user_id }).promise;
    },
    async sendPurchase(user_id, device_id) {
      const client = await open();
      const sent = [
        client.identify(new Identify().set('plan', 'pro'), { user_id, device_id }).promise,
        client.revenue(new Revenue().setPrice(9.99).setQuantity(1).setCurrency('eur'), { user_id }).promise,
      ];
      await Promise.all(sent);
    },
  };
}
