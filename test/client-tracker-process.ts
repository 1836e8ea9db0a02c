// A process with a tracker, to be killed: FOLDER, URL, KEY and COUNT (how many events to track, 0 after a restart).
import { Appflow } from '../client/src/index.ts';
import { createFileStorage } from '../client/src/node.ts';

const [, , folder = '', baseUrl = '', apiKey = '', count = '0'] = process.argv;
const appflow = new Appflow({ apiKey, baseUrl, storage: createFileStorage(folder), flushIntervalMs: 60_000 });
appflow.on('flush', ({ sent }) => process.stdout.write(`sent ${sent}\n`));
for (let n = 0; n < Number(count); n += 1) appflow.track('numbered', { n });
await appflow.flush({ timeoutMs: 60_000 });
process.stdout.write(`stats ${JSON.stringify(appflow.stats())}\n`);
