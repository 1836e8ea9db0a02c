import Mixpanel from 'mixpanel';

// node mixpanel-child.ts METHOD HOST TIME COUNT, with the key in MIXPANEL_KEY. Prints what the callback of Mixpanel's client gets. In a
// process of its own, because the certificates that Node trusts are read when it starts.

const [method = '', host = '', time = '0', count = '1'] = process.argv.slice(2);
const { MIXPANEL_KEY: secret = '' } = process.env;
const settings = { host, verbose: true, keepAlive: false };

const withSecret = () => Mixpanel.init('appflow', { ...settings, secret });
const withCredentials = () =>
  Mixpanel.init('appflow', {
    ...settings,
    credentials: new Mixpanel.ServiceAccountCredentials(secret, 'appflow', 'appflow'),
  });

const propertiesOf = (index: number) => {
  return { distinct_id: `user_${index}`, time: new Date(Number(time)), revenue: 9.99, currency: 'eur' };
};

/** Resolves to what the callback of the client gets: an error, several, or none. */
const call = (run: (callback: (failed: unknown) => void) => void) =>
  new Promise<unknown>((resolve) => run(resolve));

/** Sends `COUNT` events in batches of at most 50, as the client does by itself. */
function importBatch(client: Mixpanel.Mixpanel): Promise<unknown> {
  const events = Array.from({ length: Number(count) }, (_, index) => {
    return { event: 'Order Completed', properties: propertiesOf(index) };
  });
  // The types of the package say that the events are names.
  return call((callback) => Reflect.apply(client.import_batch, client, [events, {}, callback]));
}

const METHODS: Record<string, () => Promise<unknown>> = {
  import_batch: () => importBatch(withSecret()),
  'import_batch with credentials': () => importBatch(withCredentials()),
  import: () => call((done) => withSecret().import('Order Completed', Number(time), propertiesOf(0), done)),
  track: () => call((done) => withSecret().track('Order Completed', propertiesOf(0), done)),
};

const failed = await METHODS[method]?.();
process.stdout.write(JSON.stringify([failed ?? []].flat().map(String)));
process.exit();
