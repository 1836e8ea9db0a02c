// A process with a tracker, to be killed. Arguments: FOLDER, URL, KEY, COUNT (events to track, 0 after a restart), NAME of the
// events, and MODE: `held` prints when all are tracked and sends only after a line on stdin; `offline` never can.
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Appflow } from '../../client/src/index.ts';
import { createFileStorage } from '../../client/src/node.ts';

const [, , folder = '', baseUrl = '', apiKey = '', count = '0', name = 'numbered', mode = ''] = process.argv;
const offline = { fetch: async () => Promise.reject(new Error('offline')) };
const appflow = new Appflow({
  apiKey,
  baseUrl,
  storage: createFileStorage(folder),
  flushIntervalMs: 60_000,
  ...(mode === 'offline' ? offline : {}),
});
appflow.on('flush', ({ sent }) => process.stdout.write(`sent ${sent}\n`));
for (let n = 0; n < Number(count); n += 1) {
  appflow.track(name, { n });
  // One write per event, so that the writes of several processes interleave.
  if (mode !== '') await setImmediate();
}
if (mode !== '') {
  process.stdout.write('tracked\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
}
await appflow.flush({ timeoutMs: 60_000 });
process.stdout.write(`stats ${JSON.stringify(appflow.stats())}\n`);
